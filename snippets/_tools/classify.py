"""Say what a script is bound by, from its CPU time over the time that passed."""

import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from snippets.choosing.choose import choose

SHORTEST = 0.5  # seconds; in less than that, the start of Python counts for too much
QUIET = 5.0  # seconds without any activity, after which a script may hang
DELAYED = 0.1  # cores that it did not get; less than that is nothing
WAITS, COMPUTES, SEVERAL = 0.2, 0.8, 1.2  # busy cores that divide one from the other


class ClassifyError(Exception):
    """A script cannot be measured; the text says why."""


@dataclass(frozen=True)
class Measured:
    """How a script ran.

    ``elapsed`` and ``cpu`` are seconds: those that passed, and the CPU time of all its
    processes, the kernel's included. ``delay`` are the seconds, added up over threads,
    in which they were ready to run and other threads had the cores.
    ``status`` is negative for a signal. ``needs_input`` tells that it failed for want
    of it. ``ended`` says by what it had to be ended, and is empty if it ended by
    itself; ``quiet`` for how many seconds it had done nothing by then. ``left_behind``
    names the processes that outlived it.
    """

    elapsed: float
    cpu: float
    status: int
    ended: str = ""
    delay: float = 0.0
    quiet: float = 0.0
    needs_input: bool = False
    left_behind: tuple[str, ...] = ()


def report(run: Measured) -> Iterator[str]:
    """Yield what was measured, what it means, and what to try, line by line."""
    busy = run.cpu / run.elapsed
    yield f"elapsed   {run.elapsed:7.2f} s"
    yield f"CPU time  {run.cpu:7.2f} s, of all its processes"
    yield f"delay     {run.delay:7.2f} s, ready to run, but no core was free"
    yield f"busy      {busy:7.2f} of {os.cpu_count()} cores"
    yield from _how_it_ended(run)
    if run.elapsed < SHORTEST:
        yield f"Less than {SHORTEST} s is too short to tell: give it more work."
    elif run.quiet >= QUIET:
        yield f"Nothing happened in its last {run.quiet:.0f} s: no CPU time, no input"
        yield "or output, no open connection. Either it sleeps, or it hangs: see"
        yield '"The program stands still and uses no CPU" in reference/symptoms.'
    else:
        yield from _advice(busy, run.delay / run.elapsed)


def _how_it_ended(run: Measured) -> Iterator[str]:
    if run.ended:
        yield f"It was ended by {run.ended}: these are the figures until then."
    elif run.status:
        yield f"It failed ({_status(run.status)}): these are the figures until then."
    if run.needs_input:
        yield "It asked for input. Give it a file: ... -- script.py < input.txt"
    if run.left_behind:
        yield f"It ended, and these still run: {', '.join(run.left_behind)}."
        yield "What they do from here on is not counted."


def _status(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _advice(busy: float, delay: float) -> Iterator[str]:
    """Yield what follows from the cores it had, and from those it may have wanted."""
    at_least, at_most = _verdict(busy), _verdict(busy + delay)
    if delay < DELAYED or at_least == at_most:
        yield from at_least
        return
    yield f"The cores were busy{_load()}: it got less CPU time than it wanted."
    yield "Measure again when the machine is idle. Until then, it is one of these."
    yield from at_least
    yield from at_most


def _load() -> str:
    """Return the load average, where there is one."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f" (load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores)"


def _verdict(busy: float) -> list[str]:
    if busy < WAITS:
        rules = _rules(["it waits"], ["up to a hundred", "thousands"])
        return ["It waits. To wait for many things at once:", *rules]
    if busy < COMPUTES:
        rules = _rules(["both in turn"], ["thousands"])
        return ["It waits and computes in turn:", *rules]
    if busy < SEVERAL:
        rules = _rules(["it computes in Python", "it computes in C"], ["thousands"])
        return ["It computes, on one core. To use several:", *rules]
    return [
        "It computes on several cores already. What more of them can give:",
        "  python -m snippets run performance/amdahl",
    ]


def _rules(works: list[str], amounts: list[str]) -> Iterator[str]:
    """Yield what to take for each kind and amount of work, and the reason for it."""
    for work, amount in itertools.product(works, amounts):
        rule = choose(work, amount, "nothing shared", "one machine")
        yield f"  {', '.join(rule.answers)}: {rule.model} ({rule.program})"
        yield f"    because: {rule.because}"
        yield f"    watch for: {rule.beware}"
