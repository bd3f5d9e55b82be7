"""What it costs to send a million numbers to other processes and back.

Output: figures vary.
"""

import pickle
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

WORKERS = 2


def transform(numbers: list[int]) -> list[int]:
    """Do next to nothing with each number.

    >>> transform([1, 2, 3])
    [3, 5, 7]
    """
    return [number * 2 + 1 for number in numbers]


def travel(numbers: list[int]) -> list[int]:
    """Return what arrives: pickled here, unpickled there."""
    arrived: list[int] = pickle.loads(pickle.dumps(numbers))
    return arrived


def in_pool(pool: ProcessPoolExecutor, numbers: list[int]) -> list[int]:
    """Transform the numbers in as many parts as there are workers."""
    size = -(-len(numbers) // WORKERS)
    parts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    return [number for part in pool.map(transform, parts) for number in part]


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes, in seconds."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    """Time the loop, the journey, and both together in a pool."""
    numbers = list(range(1_000_000))
    results = transform(numbers)
    loop = seconds(lambda: transform(numbers))
    journey = seconds(lambda: travel(numbers)) + seconds(lambda: travel(results))
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(transform, [[1], [2]]))  # start the workers before the clock
        pooled = seconds(lambda: in_pool(pool, numbers))
        same = in_pool(pool, numbers) == results
    print(f"loop             {loop:.3f} s")
    print(f"there and back   {journey:.3f} s")
    print(
        f"{WORKERS} processes      {pooled:.3f} s, {loop / pooled:.2f}x, same: {same}"
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
