"""Ten threads add one each, and the counter says one: lost updates, every time."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor


class Counter:
    """A number that many may change."""

    value = 0


def increment(counter: Counter, all_have_read: threading.Barrier) -> None:
    """Read, wait until all have read, and write: the worst timing there is."""
    value = counter.value
    all_have_read.wait(timeout=20)
    counter.value = value + 1


def count(threads: int) -> int:
    """Return what the counter says after so many increments."""
    counter, all_have_read = Counter(), threading.Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(increment, counter, all_have_read) for _ in range(threads)]
    for job in jobs:
        job.result()
    return counter.value


def main() -> None:
    """Count to ten."""
    print("10 increments, the counter says", count(10))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
