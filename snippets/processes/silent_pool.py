"""A worker that dies in a Pool: its task is never answered, and nothing says so."""

import multiprocessing
import os
import signal
import sys


def work(number: int) -> int:
    """Return the square of a number; die at three, as when the system kills a process.

    >>> work(4)
    16
    """
    if number == 3:
        os._exit(1)  # no exception, no clean-up, no answer
    return number * number


def main() -> None:
    """Wait for the lost answer, but not for ever."""
    # The pool replaces a dead worker by itself; to fork beside its threads is unsafe.
    context = multiprocessing.get_context("spawn")
    # The parent alone hears Ctrl-C: a Pool would replace workers that end by it, too.
    with context.Pool(2, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        print("2:", pool.apply_async(work, [2]).get(timeout=20))
        lost = pool.apply_async(work, [3])
        try:
            lost.get(timeout=0.5)
        except multiprocessing.TimeoutError:
            print("3: no answer, and no error")
        print("4:", pool.apply_async(work, [4]).get(timeout=20), "as if nothing was")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
