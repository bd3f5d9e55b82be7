"""Much work on little data: ranges go out, one pair of numbers comes back from each.

Output: figures vary.
"""

import signal
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

SIZE, PARTS, WORKERS, REPEATS = 60_000, 8, 2, 5


def steps(number: int) -> int:
    """Return how many steps the Collatz sequence takes from a number down to 1.

    >>> [steps(number) for number in (1, 2, 3, 27)]
    [0, 1, 7, 111]
    """
    count = 0
    while number > 1:
        number = 3 * number + 1 if number % 2 else number // 2
        count += 1
    return count


def longest(numbers: range) -> tuple[int, int]:
    """Return the most steps that one of the numbers takes, and that number.

    >>> longest(range(1, 30))
    (111, 27)
    """
    return max((steps(number), number) for number in numbers)


def in_sequence() -> tuple[int, int]:
    """Look at all numbers in this process."""
    return longest(range(1, SIZE))


def in_pool(pool: ProcessPoolExecutor) -> tuple[int, int]:
    """Look at every eighth number in each part: the parts are equally hard."""
    return max(pool.map(longest, [range(1 + n, SIZE, PARTS) for n in range(PARTS)]))


def timed(run: Callable[[], tuple[int, int]]) -> tuple[float, tuple[int, int]]:
    """Return how long a run takes, in seconds, and its result."""
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def main() -> None:
    """Compare both, side by side, and print the medians."""
    with ProcessPoolExecutor(WORKERS) as pool:
        expected = in_pool(pool)  # also starts the workers before the clock
        pairs = [
            (timed(in_sequence), timed(lambda: in_pool(pool))) for _ in range(REPEATS)
        ]
    sequence, parallel = ([run[0] for run in runs] for runs in zip(*pairs, strict=True))
    same = all(result == expected for pair in pairs for _, result in pair)
    ratio = statistics.median(s / p for s, p in zip(sequence, parallel, strict=True))
    print(f"in sequence    {statistics.median(sequence):.3f} s")
    print(f"{WORKERS} processes    {statistics.median(parallel):.3f} s, {ratio:.2f}x")
    print(f"longest: {expected[1]} takes {expected[0]} steps, same: {same}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
