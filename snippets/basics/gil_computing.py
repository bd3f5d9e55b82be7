"""CPU-bound work in sequence, in threads and in processes: how many cores were busy?

Output: figures vary.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

LIMITS = [50_000] * 8


def count_primes(limit: int) -> int:
    """Return how many primes there are below the limit, by trial division.

    >>> [count_primes(limit) for limit in (2, 3, 10, 100)]
    [0, 1, 4, 25]
    """
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, limit))


def compute(limit: int) -> float:
    """Count the primes; return the CPU seconds that this thread spent on it."""
    started = time.thread_time()
    count_primes(limit)
    return time.thread_time() - started


def measure(run: Callable[[], Iterable[float]]) -> tuple[float, float]:
    """Return the elapsed seconds of a run, and the CPU seconds of its tasks."""
    started = time.perf_counter()
    cpu = sum(run())
    return time.perf_counter() - started, cpu


def report(way: str, elapsed: float, cpu: float) -> None:
    """Print both figures, and how many cores they kept busy."""
    busy = cpu / elapsed
    print(
        f"{way:13} elapsed {elapsed:.2f} s   CPU {cpu:.2f} s   cores busy {busy:.1f}x"
    )


def main() -> None:
    """Compare the three ways, two workers each, once the workers are there."""
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        list(processes.map(compute, [2, 2]))  # start the processes before the clock
        report("in sequence", *measure(lambda: map(compute, LIMITS)))
        report("in threads", *measure(lambda: threads.map(compute, LIMITS)))
        report("in processes", *measure(lambda: processes.map(compute, LIMITS)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
