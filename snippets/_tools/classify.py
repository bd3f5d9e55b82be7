"""Tell what a script is bound by, from its CPU time over the time that passed.

CPU time is that of the script and of the child processes that it has waited for, as
POSIX accounts for it: ``times``. For a script that had to be ended it is looked up in
``/proc``, where there is one.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snippets._tools.runs import runner
from snippets.choosing.choose import choose

SHORTEST = 0.5  # seconds; in less than that, the start of Python counts for too much
WAITS, COMPUTES, SEVERAL = 0.2, 0.8, 1.2  # busy cores that divide one from the other


class ClassifyError(Exception):
    """A script cannot be measured; the text says why."""


@dataclass(frozen=True)
class Measured:
    """How a script ran.

    ``elapsed`` and ``cpu`` are seconds: those that passed, and the CPU time, the
    kernel's included. ``status`` is negative for a signal. ``ended`` says by what it
    had to be ended, and is empty if it ended by itself.
    """

    elapsed: float
    cpu: float
    status: int
    ended: str = ""


def measure(command: list[str], time_limit: float) -> Measured:
    """Run a command, in a session of its own, for so many seconds at most.

    Ctrl-C ends it, too. It can read what is redirected to it, and no terminal.

    Raises:
        ClassifyError: if the command cannot be started, or if the system has no account
            of the time of child processes.
    """
    if not hasattr(os, "killpg"):
        message = "classify needs the accounts of a POSIX system; on Windows, use WSL."
        raise ClassifyError(message)
    before, started, cpu, ended = os.times(), time.perf_counter(), 0.0, ""
    with _started(command) as process:
        try:
            process.wait(time_limit)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            ended = "Ctrl-C" if interrupted else f"the limit of {time_limit:g} s"
            cpu = _cpu_of_session(process.pid)
        # The clock of os.times() counts by hundredths: a short script takes none.
        after, elapsed = os.times(), time.perf_counter() - started
        if ended:
            _end(process)
    cpu += after.children_user - before.children_user
    cpu += after.children_system - before.children_system
    return Measured(elapsed, cpu, process.returncode, ended)


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    stdin = subprocess.DEVNULL if sys.stdin.isatty() else None
    try:
        return subprocess.Popen(command, stdin=stdin, start_new_session=True)
    except OSError as error:
        message = f"{command[0]} cannot be started: {error.strerror}."
        raise ClassifyError(message) from error


def _cpu_of_session(leader: int) -> float:
    """Return the CPU time of all processes of a session, in seconds."""
    ticks = 0
    for process in runner.session(leader):
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
            # Its own time and that of children it has waited for: proc_pid_stat(5).
            ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End all processes of a session; those that clean up get the time for it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(runner.GRACE)
    list(runner.surviving(process.pid))
    process.kill()


def report(run: Measured) -> Iterator[str]:
    """Yield what was measured, what it means, and what to try, line by line."""
    busy = run.cpu / run.elapsed
    yield f"elapsed   {run.elapsed:7.2f} s"
    yield f"CPU time  {run.cpu:7.2f} s, child processes included"
    yield f"busy      {busy:7.2f} of {os.cpu_count()} cores"
    if run.ended:
        yield f"It was ended by {run.ended}: these are the figures until then."
    elif run.status:
        yield f"It failed (exit status {run.status}): these are the figures until then."
        yield "If it reads input, redirect that: ... -- script.py < input.txt"
    if run.elapsed < SHORTEST:
        yield f"Less than {SHORTEST} s is too short to tell: give it more work."
    else:
        yield from _advice(busy)


def _advice(busy: float) -> Iterator[str]:
    if busy < WAITS:
        yield "It waits. To wait for many things at once:"
        yield from _rules(["it waits"], ["up to a hundred", "thousands"])
    elif busy < COMPUTES:
        yield "It waits and computes in turn, or other programs took the cores:"
        yield from _rules(["both in turn"], ["thousands"])
    elif busy < SEVERAL:
        yield "It computes, on one core. To use several:"
        yield from _rules(["it computes in Python", "it computes in C"], ["thousands"])
    else:
        yield "It computes on several cores already. What more of them can give:"
        yield "  python -m snippets run performance/amdahl"


def _rules(works: list[str], amounts: list[str]) -> Iterator[str]:
    """Yield what to take for each kind and amount of work, and the reason for it."""
    for work, amount in itertools.product(works, amounts):
        rule = choose(work, amount, "nothing shared", "one machine")
        yield f"  {', '.join(rule.answers)}: {rule.model} ({rule.program})"
        yield f"    because: {rule.because}"
        yield f"    watch for: {rule.beware}"
