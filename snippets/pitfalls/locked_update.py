"""The same counter with a lock from the read to the write: every update counts."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor


class Counter:
    """A number and the lock that guards it."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.value = 0
        self.lock = threading.Lock()


def increment(counter: Counter) -> None:
    """Read, let the others run, and write; the lock keeps them waiting."""
    with counter.lock:
        value = counter.value
        time.sleep(0)  # an invitation to switch to another thread
        counter.value = value + 1


def count(threads: int, times: int) -> int:
    """Return what the counter says when each thread has incremented it so often."""
    counter = Counter()
    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(increment, counter) for _ in range(threads * times)]
    for job in jobs:
        job.result()
    return counter.value


def main() -> None:
    """Count to a thousand."""
    print("1000 increments, the counter says", count(threads=10, times=100))


if __name__ == "__main__":
    main()
