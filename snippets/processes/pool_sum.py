"""The sum of a million squares by chunks, in a Pool and in a ProcessPoolExecutor."""

import itertools
import multiprocessing
import signal
import sys
from concurrent.futures import ProcessPoolExecutor

SIZE, PARTS, WORKERS = 1_000_003, 4, 2


def chunks(size: int, parts: int) -> list[range]:
    """Cut the numbers below size into so many ranges, as even as can be.

    >>> chunks(10, 3)
    [range(0, 3), range(3, 6), range(6, 10)]
    """
    edges = [size * part // parts for part in range(parts + 1)]
    return [range(start, stop) for start, stop in itertools.pairwise(edges)]


def sum_of_squares(numbers: range) -> int:
    """Return the sum of the squares of the numbers.

    >>> sum_of_squares(range(4))
    14
    """
    return sum(number * number for number in numbers)


def closed_form(size: int) -> int:
    """Return the sum of the squares of the numbers below size, without a loop.

    >>> closed_form(4)
    14
    """
    return (size - 1) * size * (2 * size - 1) // 6


def leave_the_end_to_the_parent() -> None:
    """Ignore Ctrl-C, or the Pool replaces this worker; end at once by terminate()."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a fork inherits the handler below


def in_a_pool(size: int) -> int:
    """Add up the chunks in a multiprocessing.Pool."""
    with multiprocessing.Pool(WORKERS, leave_the_end_to_the_parent) as pool:
        sums = pool.map_async(sum_of_squares, chunks(size, PARTS))
        pool.close()
        # With a limit: a worker that is killed never answers.
        total = sum(sums.get(timeout=20))
        pool.join()  # or `with` terminates workers, even one that only just starts
    return total


def in_an_executor(size: int) -> int:
    """Add up the chunks in a ProcessPoolExecutor."""
    with ProcessPoolExecutor(WORKERS) as pool:
        return sum(pool.map(sum_of_squares, chunks(size, PARTS)))


def main() -> None:
    """Compare both with the closed form."""
    print("closed form ", closed_form(SIZE))
    print("Pool        ", in_a_pool(SIZE))
    print("executor    ", in_an_executor(SIZE))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
