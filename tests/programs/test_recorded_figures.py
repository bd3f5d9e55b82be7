"""Recorded figures say what the pages claim; no clock is read here.

A program whose figures vary has a claim, and with it ways to falsify what is recorded,
each of which the claim must refuse. It holds for the recorded output and for the run
that the timeline shows, which is another one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from snippets._tools import catalogue
from snippets._tools.timeline import store

Rows = list[list[float]]  # the times, ratios and percentages of each line that has any
FIGURE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?(?:s|ms|x|%)(?!\w)")
VARYING = [p.name for p in catalogue.programs().values() if p.comparison.figures_vary]
NO_CLAIM = {
    "symptoms/local_target": "its figures are addresses, of which nothing is said",
}
SAME_TWICE = {
    "performance/blocked_loop": "a wait of 0.3 s takes as long, to the hundredth",
}


@dataclass(frozen=True)
class Claim:
    """What holds for the figures of a program, and edits that make it false."""

    holds: Callable[[Rows], bool]
    false: Mapping[str, str]


def rows(text: str) -> Rows:
    r"""Return the figures of a text, line by line.

    >>> rows("in threads  at most 2 at once  0.15 s, 1.9x\nnone\nbusy 98 %")
    [[0.15, 1.9], [98.0]]
    """
    found = [[*map(float, FIGURE.findall(line))] for line in text.splitlines()]
    return [row for row in found if row]


def near(figure: float, expected: float, part: float = 0.05) -> bool:
    """Tell whether a rounded figure is what follows from others.

    >>> near(1.6, 1.57), near(1.0, 1.57)
    (True, False)
    """
    return abs(figure - expected) <= part * expected


def computing(found: Rows) -> bool:
    """Threads keep one core busy and are no faster; processes keep both busy."""
    sequence, threads, processes = found
    return (
        all(near(cores, cpu / elapsed, 0.1) for elapsed, cpu, cores in found)
        and near(sequence[2], 1)
        and near(threads[2], 1)
        and threads[0] >= 0.9 * sequence[0]
        and processes[2] >= 1.5
        and processes[0] <= 0.75 * sequence[0]
    )


def hashing(found: Rows) -> bool:
    """Threads keep more than one core busy, and take less time."""
    sequence, threads = found
    return (
        all(near(cores, cpu / elapsed, 0.15) for elapsed, cpu, cores in found)
        and near(sequence[2], 1)
        and threads[2] >= 1.4
        and threads[0] <= 0.75 * sequence[0]
    )


def waiting(found: Rows) -> bool:
    """Four clients wait a tenth of a second at once, and compute next to nothing."""
    ((elapsed, cpu),) = found
    return 0.1 <= elapsed < 0.2 and 0 < cpu <= 0.1 * elapsed


def same_work(found: Rows) -> bool:
    """Twice three waits of 50 ms take half as long in threads, less in processes."""
    (sequence,), (threads,), (processes,) = found
    return (
        0.3 <= sequence < 0.45
        and 0.15 <= threads <= 0.6 * sequence
        and threads <= processes < sequence
    )


def numpy(found: Rows) -> bool:
    """NumPy is many times as fast."""
    (loop,), (of_numpy, ratio) = found
    return near(ratio, loop / of_numpy) and ratio >= 10


def parallel(found: Rows) -> bool:
    """Two processes come close to twice as fast, the limit."""
    (sequence,), (processes, ratio) = found
    return near(ratio, sequence / processes, 0.1) and 1.3 <= ratio <= 2.1


def pickling(found: Rows) -> bool:
    """The way there and back takes longer than the work, and all in all much longer."""
    (loop,), (travel,), (processes, ratio) = found
    return near(ratio, loop / processes) and loop < travel < processes and ratio < 0.6


def advice(found: Rows) -> bool:
    """One task waits; hashing is as busy as computing."""
    (wait,), (compute,), (hashes,) = found
    return wait < 20 and 90 <= compute <= 100 and near(hashes, compute)


def amdahl(found: Rows) -> bool:
    """The law makes of the share what is printed, and the measurement keeps to it."""
    (share,), (most,), (measured, efficiency), (limit,) = found
    low, high = (share - 0.5) / 100, (share + 0.5) / 100  # it is rounded
    return (
        2 / (1 + high) - 0.01 <= most <= 2 / (1 + low) + 0.01
        and 1 / high - 0.1 <= limit <= 1 / low + 0.1
        and near(efficiency, 50 * measured)
        and 1.2 <= measured <= most * 1.02
    )


def blocked(found: Rows) -> bool:
    """The loop was held for what the blocking call takes, 0.3 s."""
    ((held,),) = found
    return 0.3 <= held < 0.45


def harness(found: Rows) -> bool:
    """Two threads or processes wait twice as fast; processes alone compute faster."""
    halves = found[:3], found[3:]
    (_, threads, processes), (_, computing_threads, computing_processes) = halves
    return (
        all(near(x, half[0][0] / own, 0.06) for half in halves for own, x in half)
        and threads[1] >= 1.7
        and processes[1] >= 1.5
        and 0.7 <= computing_threads[1] <= 1.2
        and computing_processes[1] >= 1.4
    )


CLAIMS = {
    "basics/gil_computing": Claim(
        computing,
        {
            r"in processes  elapsed .*": "in processes  elapsed 0.60 s   CPU 0.60 s   "
            "cores busy 1.0x",
            r"cores busy 1\.[5-9]x": "cores busy 1.0x",
            r"in threads    elapsed 0\.\d+ s": "in threads    elapsed 0.10 s",
            r"elapsed 0\.\d+ s   CPU 0\.\d+ s": "elapsed 0.50 s   CPU 0.50 s",
        },
    ),
    "basics/gil_hashing": Claim(
        hashing,
        {
            r"cores busy 1\.[4-9]x": "cores busy 1.0x",
            r"in threads    elapsed 0\.\d+ s": "in threads    elapsed 0.99 s",
            r"elapsed 0\.\d+ s": "elapsed 0.10 s",
        },
    ),
    "basics/gil_waiting": Claim(
        waiting,
        {
            r"elapsed \S+ s": "elapsed 0.405 s",  # one after the other
            r"CPU \S+ s": "CPU 0.100 s",
        },
    ),
    "basics/same_work": Claim(
        same_work,
        {
            r"(in threads .*) 0\.\d+ s": r"\1 0.99 s",
            r"(in sequence .*) 0\.\d+ s": r"\1 0.10 s",
            r"(in processes .*) 0\.\d+ s": r"\1 0.50 s",
            r"0\.\d+ s": "0.30 s",
        },
    ),
    "cases/numpy_data": Claim(
        numpy, {r"\d+x": "0.5x", r"NumPy    \S+ ms": "NumPy    58 ms"}
    ),
    "cases/parallel_data": Claim(
        parallel, {r"1\.\d+x": "0.50x", r"processes    \S+ s": "processes    0.9 s"}
    ),
    "cases/pickling_cost": Claim(
        pickling, {r"0\.\d+x": "2.50x", r"back   \S+ s": "back   0.001 s"}
    ),
    "choosing/advise": Claim(
        advice, {r"(compute .*) \d+ %": r"\1 1 %", r"(wait .*) \d+ %": r"\1 100 %"}
    ),
    "performance/amdahl": Claim(
        amdahl,
        {
            r"share \d+ %": "share 50 %",
            r"measured \S+x": "measured 2.00x",
            r"efficiency \d+": "efficiency 20",
            r"workers: at most \d\.\dx": "workers: at most 99.0x",
        },
    ),
    "performance/blocked_loop": Claim(blocked, {r"0\.\d+ s": "0.00 s"}),
    "performance/harness": Claim(
        harness,
        {
            r"threads .*": "threads     81.6 ms   1.0x",
            r"processes .*": "processes   81.6 ms   1.0x",
            r"\S+x": "1.0x",
            r"\S+ ms   \S+x": "50.0 ms   1.0x",
        },
    ),
}


def recorded_runs(name: str) -> list[str]:
    """Return the recorded output of a program, and what the timeline's run printed."""
    program = catalogue.find(name)
    runs = [program.output.read_text(encoding="utf-8")]
    if program.concurrent:
        moments = store.load(program).moments
        runs.append("".join(f"{moment.text}\n" for moment in moments))
    return runs


def test_every_program_whose_figures_vary_has_a_claim_or_a_reason() -> None:
    assert sorted([*CLAIMS, *NO_CLAIM]) == VARYING


@pytest.mark.parametrize("name", CLAIMS)
def test_the_recorded_figures_say_what_is_claimed(name: str) -> None:
    for text in recorded_runs(name):
        assert CLAIMS[name].holds(rows(text)), f"{name} claims, but not of\n{text}"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [(name, *pair) for name, claim in CLAIMS.items() for pair in claim.false.items()],
)
def test_false_figures_are_refused(name: str, before: str, after: str) -> None:
    text = recorded_runs(name)[0]
    falsified = re.sub(before, after, text)
    assert falsified != text
    assert not CLAIMS[name].holds(rows(falsified))


@pytest.mark.parametrize(
    "name", [name for name in VARYING if len(recorded_runs(name)) > 1]
)
def test_no_two_runs_take_the_same_time(name: str) -> None:
    one, other = recorded_runs(name)
    if name in SAME_TWICE:
        pytest.skip(f"{name}: {SAME_TWICE[name]}")
    assert one != other, f"{name} prints constants, or was not run twice"
