"""Compare sequence, threads and processes on waiting and on computing.

Output: figures vary.
"""

import signal
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

WORKERS, REPEATS = 2, 5


def wait(milliseconds: int) -> None:
    """Wait, as for a reply."""
    time.sleep(milliseconds / 1000)


def compute(size: int) -> int:
    """Add up squares.

    >>> compute(4)
    14
    """
    return sum(number * number for number in range(size))


def median_seconds(run: Callable[[], object]) -> float:
    """Return the median of some runs in seconds, after one that does not count."""
    run()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def compare(task: Callable[[int], object], items: list[int]) -> dict[str, float]:
    """Return the median seconds for all items, in each of three ways."""
    with (
        ProcessPoolExecutor(WORKERS) as processes,
        ThreadPoolExecutor(WORKERS) as threads,
    ):
        list(processes.map(task, items))  # forked, if at all, before there are threads
        return {
            "sequence": median_seconds(lambda: [task(item) for item in items]),
            "threads": median_seconds(lambda: list(threads.map(task, items))),
            "processes": median_seconds(lambda: list(processes.map(task, items))),
        }


def main() -> None:
    """Print the times, and how many times faster than in sequence."""
    for name, task, items in (
        ("waiting", wait, [10] * 8),
        ("computing", compute, [100_000] * 8),
    ):
        seconds = compare(task, items)
        print(f"{name}:")
        for way, median in seconds.items():
            faster = seconds["sequence"] / median
            print(f"  {way:9} {median * 1000:6.1f} ms   {faster:.1f}x")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
