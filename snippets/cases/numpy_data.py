# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy"]
# ///
"""The million numbers once more: one process with NumPy.

Output: figures vary.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

REPEATS = 5


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes, in seconds: the median of some runs."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Compare a loop over a list with one operation on an array."""
    numbers = list(range(1_000_000))
    array = np.arange(1_000_000)
    same = (array * 2 + 1).tolist() == [number * 2 + 1 for number in numbers]
    loop = seconds(lambda: [number * 2 + 1 for number in numbers])
    vector = seconds(lambda: array * 2 + 1)
    print(f"loop     {loop * 1000:.2f} ms")
    print(f"NumPy    {vector * 1000:.2f} ms, {loop / vector:.0f}x, same: {same}")


if __name__ == "__main__":
    main()
