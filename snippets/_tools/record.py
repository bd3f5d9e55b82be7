"""Write down what programs print, and what their threads, processes and tasks do."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator

from snippets._tools import catalogue
from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.evidence import provenance, recordings
from snippets._tools.runs import output, runner
from snippets._tools.timeline import analysis, store, witness
from snippets._tools.timeline.store import Timeline

RUNS = 5  # one cannot tell what varies
RUNS_OF_CHANCE = 60  # in which one chance in twenty shows itself, 95 times of a hundred
TIMELINES, MOST_TIMELINES = 3, 8


def record(names: list[str], *, timelines_only: bool = False) -> Iterator[str]:
    """Record programs, by their names or those of their chapters; tell of each.

    Raises:
        CatalogueError: if a program cannot be run here, or fails, or if its outputs
            differ in more than it says.
    """
    programs = catalogue.select(names)
    with contextlib.ExitStack() as stack:
        server = None
        if any(program.needs_server for program in programs):
            server = stack.enter_context(runner.local_server())
        for program in programs:
            _check_python(program)
            catalogue.check_obstacle(program)
            if not timelines_only:
                with _ending("Nothing was recorded", program):
                    said = _record_output(program, server)
                yield said
            if program.concurrent:
                with _ending("Its timeline was not recorded", program, "--timelines"):
                    said = _record_timeline(program, server)
                yield said


def _check_python(program: Program) -> None:
    """Name the command that takes a Python which the program can use."""
    if program.requires_python > sys.version_info[:2]:
        newer = ".".join(map(str, program.requires_python))
        message = (
            f"{program.name} needs Python {newer}, this is {provenance.python()}; "
            f"{recordings.cure_of(program)}"
        )
        raise CatalogueError(message)


@contextlib.contextmanager
def _ending(what: str, program: Program, *options: str) -> Iterator[None]:
    """Let the last line of what goes wrong say what to do."""
    try:
        yield
    except CatalogueError as error:
        cure = recordings.cure_of(program, *options)
        message = f"{str(error).rstrip()}\n{what}; when that is mended, {cure}"
        raise CatalogueError(message) from error


def _record_output(program: Program, server: str | None) -> str:
    program.output.write_text(_agreed_output(program, server), encoding="utf-8")
    recordings.save(program)
    return f"recorded {program.name}, {program.comparison}"


def _record_timeline(program: Program, server: str | None) -> str:
    """Keep of the runs that have seen most the one that others have disturbed least."""
    timeline = min(_agreed_timelines(program, server), key=analysis.disturbed)
    store.save(timeline, program)
    return f"recorded {program.name}, {len(timeline.lanes)} lanes"


def _agreed_timelines(program: Program, server: str | None) -> list[Timeline]:
    """Return timelines that have the same lanes; the output is recorded already."""
    found: list[Timeline] = []
    while len(found) < TIMELINES or not agreeing(found):
        _check_patience(program, found)
        seen = witness.witness(program, server)
        found.append(analysis.timeline(program, seen))
    return agreeing(found)


def _check_patience(program: Program, found: list[Timeline]) -> None:
    if len(found) == MOST_TIMELINES:
        message = (
            f"{program.where}:1: its runs disagree about what there was: "
            f"{', '.join(missing(found))} only in some; let it wait until all have "
            "begun, and give them names."
        )
        raise CatalogueError(message)


def agreeing(found: list[Timeline]) -> list[Timeline]:
    """Return the runs with most lanes, if more than one has seen the same."""
    richest = max(found, key=lambda timeline: _names(timeline).total())
    same = [one for one in found if _names(one) == _names(richest)]
    return same if len(same) > 1 else []


def missing(found: list[Timeline]) -> list[str]:
    """Return the names of lanes that some runs have and others have not."""
    every = [_names(timeline) for timeline in found]
    most, least = every[0].copy(), every[0].copy()
    for names in every:
        most |= names
        least &= names
    return sorted({name for _, name in most - least})


def _names(timeline: Timeline) -> Counter[tuple[str, str]]:
    """Return the lanes of a timeline, and how many are left out."""
    names = Counter((lane.kind, lane.name) for lane in timeline.lanes)
    names["lane", "those left out"] = timeline.left_out
    return names


def _agreed_output(program: Program, server: str | None) -> str:
    """Return the last of several outputs, if all of them are the same as compared.

    One run follows the other: two at once would take cores from each other.
    """
    previous = None
    for _ in range(RUNS_OF_CHANCE if program.by_chance else RUNS):
        result = runner.run(program, server=server)
        if complaint := result.complaint():
            message = f"{program.where}:1: {complaint}"
            raise CatalogueError(message)
        if previous is not None:
            _check_same(program, previous, result.stdout)
        previous = result.stdout
    assert previous is not None
    return previous


def _check_same(program: Program, one: str, other: str) -> None:
    difference = output.difference(one, other, program.comparison)
    if difference:
        choices = "; ".join(f"`Output: {phrase}.`" for phrase in catalogue.PHRASES)
        message = (
            f"{program.name}, {program.comparison}, varies:\n"
            f"{difference}\n"
            f"Make them the same, or end its docstring with one of {choices}."
        )
        raise CatalogueError(message)
