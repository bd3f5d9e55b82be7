"""Ctrl-C and SIGTERM end a program soon, at whatever moment, and leave nothing."""

import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import Program
from snippets._tools.runs import runner
from snippets._tools.runs.runner import Interruption

PATIENCE = 2.0  # seconds from the signal to the end of the last process
MOMENTS = (0.15, 0.45, 0.75)  # of the time that an undisturbed run takes
# An exception out of a signal handler may strike a library that has just taken a lock,
# which no program can help: https://docs.python.org/3/library/signal.html#handlers-and-exceptions
# What is wrong with a program itself goes wrong each time, and a little sooner as well.
TRIES = 5
MISSES = 4  # the undisturbed run may have taken longer than this one: then try sooner
ONE_MOMENT = (0.6,)  # by each other start method: about when the children start or work
PROGRAMS = [
    program
    for program in catalogue.programs().values()
    if program.concurrent and not program.obstacle
]


def ways(program: Program) -> Iterator[tuple[str | None, tuple[float, ...]]]:
    """Yield each start method to try, ``None`` for the usual one, and the moments."""
    yield None, MOMENTS
    if program.starts_processes:
        usual = multiprocessing.get_start_method()
        for method in sorted({*multiprocessing.get_all_start_methods()} - {usual}):
            yield method, ONE_MOMENT


def complaint(end: Interruption) -> str:
    """Say what is wrong with a program's end; empty if it is well."""
    if end.leftovers:
        return f"left behind: {', '.join(end.leftovers)}\n{end.stderr}"
    if end.seconds > PATIENCE:
        return f"took {end.seconds:.2f} s to end"
    return ""


def interrupted(
    program: Program, number: signal.Signals, after: float, how: dict[str, str | None]
) -> Interruption:
    """Interrupt a run of a program; again, and sooner, if that goes wrong."""
    tries, misses = TRIES, MISSES
    while True:
        end = runner.interrupt(program, number, after, **how)
        if complaint(end) and tries > 1:
            tries -= 1
            after *= 0.85
        elif not end.hit and misses:
            misses -= 1
            after *= 0.6
        else:
            return end


def undisturbed(program: Program, method: str | None, server: str) -> float:
    """Return the seconds of a run; again if it finds what another test has lost."""
    complaint = ""
    for _ in range(TRIES):
        run = runner.run(program, start_method=method, server=server)
        complaint = run.complaint()
        if not complaint:
            return run.seconds
    pytest.fail(f"undisturbed, it {complaint}")


@pytest.mark.parametrize(
    "number", [pytest.param(n, id=n.name) for n in (signal.SIGINT, signal.SIGTERM)]
)
@pytest.mark.parametrize(
    "program", [pytest.param(program, id=program.name) for program in PROGRAMS]
)
def test_a_signal_ends_it_at_any_moment(
    program: Program, number: signal.Signals, server: str
) -> None:
    hits: list[bool] = []
    for method, moments in ways(program):
        how = {"start_method": method, "server": server}
        alone = undisturbed(program, method, server)
        for moment in moments:
            end = interrupted(program, number, moment * alone, how)
            where = f"{method or 'usual'} start method, at {moment:.0%}"
            assert not complaint(end), f"{where}: {complaint(end)}"
            hits.append(end.hit)
    said = f"only {sum(hits)} of {len(hits)} signals were in time"
    assert sum(hits) > len(hits) / 2, said


def test_without_its_handler_a_program_leaves_an_orphan(tmp_path: Path) -> None:
    program = catalogue.find("processes/told_to_end")
    source = program.path.read_text(encoding="utf-8")
    without = source.replace("signal.signal(number, stop)", "pass")
    assert without != source
    path = tmp_path / program.where
    path.parent.mkdir(parents=True)
    path.write_text(without, encoding="utf-8")
    assert runner.run(replace(program, path=path), time_limit=PATIENCE).timed_out


def test_there_are_programs_to_interrupt() -> None:
    assert {"threads/event", "processes/pool_sum", "processes/missing_guard"} <= {
        program.name for program in PROGRAMS
    }
