"""A worker that dies breaks a ProcessPoolExecutor, and the executor says so."""

import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


def work(number: int) -> int:
    """Return the square of a number; die at three, as when the system kills a process.

    >>> work(4)
    16
    """
    if number == 3:
        os._exit(1)  # no exception, no clean-up, no answer
    return number * number


def main() -> None:
    """Lose a worker, ask the same pool again, and then a new one."""
    # A broken pool terminates its workers: they must not inherit the handler below.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool:
        print("2:", pool.submit(work, 2).result())
        try:
            pool.submit(work, 3).result()
        except BrokenProcessPool as error:
            print("3:", type(error).__name__)
        try:
            pool.submit(work, 4)
        except BrokenProcessPool:
            print("4: refused, this pool stays broken")
    with ProcessPoolExecutor(2, context) as pool:
        print("4:", pool.submit(work, 4).result(), "from a new pool")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
