"""Measure what threads, processes, interpreters and tasks cost, and what they gain.

Each run is a process of its own, and the runs of all series take turns, so that what
disturbs the machine disturbs all of them alike.
"""

import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from snippets._tools.bench import measurements, memory, workloads
from snippets._tools.bench.measurements import Measurement, MeasurementError, Point
from snippets._tools.bench.workloads import DATA, METHODS
from snippets._tools.catalogue import ROOT

REPEATS = 5
TIME_LIMIT = 60.0  # seconds for a run; the slowest takes about three
Case = tuple[str, int | None]
KINDS = ("task", "thread", "interpreter", *(f"process, {name}" for name in METHODS))
WAYS = "queue, to a thread", "pipe", "queue", "shared memory"


@dataclass(frozen=True)
class Plan:
    """What is measured, for which cases, and in what.

    A case is a series, and a number if the series has some: ``across`` says of what,
    and ``across_unit`` in what. The ``unit`` of what is measured is seconds or bytes.
    """

    workload: Callable[..., float]
    cases: list[Case]
    unit: str = "seconds"
    across: str = ""
    across_unit: str = ""


def plans() -> dict[str, Plan]:
    """Return every measurement that there is, by its name."""
    cores = os.cpu_count() or 1
    workers = [n for n in (1, 2, 4, 8, 16, 32, 64, 128) if n <= 2 * cores]
    pools = "threads", "processes", "interpreters"
    sizes = 1, 100, 10_000, 1_000_000, 10_000_000
    in_pools = [(pool, number) for pool in pools for number in workers]
    at_once = [(kind, 10**n) for kind in ("threads", "tasks") for n in range(5)]
    kinds: list[Case] = [(kind, None) for kind in KINDS]
    return {
        "computing": Plan(
            workloads.computing, [("in sequence", 1), *in_pools], across="workers"
        ),
        "waiting": Plan(workloads.waiting, [*at_once], across="waits at once"),
        "starting": Plan(workloads.starting, kinds),
        "handing_over": Plan(
            workloads.handing_over,
            [(way, size) for way in WAYS for size in sizes],
            across="handed over",
            across_unit="bytes",
        ),
        "data": Plan(workloads.data, [(variant, None) for variant in DATA]),
        "memory": Plan(memory.memory, kinds, unit="bytes"),
    }


def select(names: list[str]) -> list[str]:
    """Return the names of measurements, all for none.

    Raises:
        MeasurementError: if there is no such measurement.
    """
    known = plans()
    for name in names:
        if name not in known:
            message = f"there is no measurement {name}, only {', '.join(known)}."
            raise MeasurementError(message)
    return names or list(known)


def run(
    names: list[str], repeats: int = REPEATS, folder: Path = measurements.FOLDER
) -> None:
    """Make measurements, and save each when it is done.

    Raises:
        MeasurementError: if there is no such measurement.
    """
    for name in select(names):
        cases = plans()[name].cases
        print(f"{name}: {len(cases)} cases", end="", flush=True)
        found = measure(name, cases, repeats)
        measurements.save(name, found, folder)
        print()
        for case, reason in found.missing.items():
            print(f"  without {case}: {reason}")


def measure(name: str, cases: list[Case], repeats: int) -> Measurement:
    """Run each case so many times, by turns; leave out those that fail."""
    runs: dict[Case, list[float]] = {case: [] for case in cases}
    missing: dict[str, str] = {}
    for _ in range(repeats):
        for case in list(runs):
            try:
                runs[case].append(once(name, case))
            except MeasurementError as error:
                del runs[case]
                missing[", ".join(str(part) for part in case if part)] = str(error)
        print(".", end="", flush=True)
    points = (
        Point(*case, *map(_rounded, (min(taken), statistics.median(taken), max(taken))))
        for case, taken in runs.items()
    )
    return measurements.measured(name, points, missing, repeats)


def _rounded(value: float) -> float:
    """Return four digits of a value, which are more than it can vouch for."""
    return float(f"{value:.4g}")


def once(name: str, case: Case, time_limit: float = TIME_LIMIT) -> float:
    """Return what one run of a case takes, in seconds or bytes.

    Raises:
        MeasurementError: if it fails, or takes too long; the text says in a few words
            what happened.
    """
    arguments = [str(item) for item in (name, *case) if item is not None]
    with subprocess.Popen(
        [sys.executable, "-m", "snippets._tools.bench", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed, errors = process.communicate(timeout=time_limit)
        except subprocess.TimeoutExpired as error:
            message = f"took more than {time_limit:g} s"
            raise MeasurementError(message) from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        *_, last = errors.splitlines() or [f"exit status {process.returncode}"]
        raise MeasurementError(last)
    return float(printed)
