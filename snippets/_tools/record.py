"""Write down what programs print, and what their threads, processes and tasks do."""

import contextlib
import sys
from collections.abc import Iterator

from snippets._tools import catalogue
from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.evidence import provenance, recordings
from snippets._tools.runs import output, runner
from snippets._tools.timeline import analysis, store, witness

RUNS = 3  # one cannot tell what varies


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
    """Keep the run that other programs have disturbed least."""
    runs = (witness.witness(program, server) for _ in range(RUNS))
    found = (analysis.timeline(program, run) for run in runs)
    timeline = min(found, key=analysis.disturbed)
    store.save(timeline, program)
    return f"recorded {program.name}, {len(timeline.lanes)} lanes"


def _agreed_output(program: Program, server: str | None) -> str:
    """Return the last of several outputs, if all of them are the same as compared."""
    previous = None
    for _ in range(RUNS):
        result = runner.run(program, server=server)
        if complaint := result.complaint():
            message = f"{program.name} {complaint}"
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
