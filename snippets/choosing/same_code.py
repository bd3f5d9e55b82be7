"""One function that any executor can run: change the model by changing one word."""

import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from os import getpid

WORKERS = 2


def digits(number: int) -> int:
    """Return how many decimal digits two to the power of a number has.

    >>> digits(10)
    4
    """
    return len(str(2**number))


def total(executor: Executor, numbers: list[int]) -> int:
    """Add up the digits of all the powers, whoever computes them.

    >>> with ThreadPoolExecutor() as threads:
    ...     total(threads, [1, 10, 100])
    36
    """
    return sum(executor.map(digits, numbers, chunksize=100))


def where(executor: Executor) -> str:
    """Tell whether an executor works in this process."""
    here = executor.submit(getpid).result() == getpid()
    return "in this process" if here else "in others"


def main() -> None:
    """Run the same code in processes and in threads."""
    makers: list[Callable[[int], Executor]] = [ProcessPoolExecutor, ThreadPoolExecutor]
    for make in makers:
        with make(WORKERS) as executor:
            print(total(executor, list(range(1000))), where(executor))
    print("threads left:", threading.active_count() - 1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
