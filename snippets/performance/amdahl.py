"""What a second worker can gain at most, from one's own serial part: Amdahl's law.

Output: figures vary.
"""

import signal
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

WORKERS, REPEATS = 2, 5
CHUNKS = [200_000] * 8


def speed_up(serial_share: float, workers: int) -> float:
    """Return the most that so many workers can gain; the share is from 0 to 1.

    >>> speed_up(0.0, 4), speed_up(1.0, 4), round(speed_up(0.1, 1_000_000))
    (4.0, 1.0, 10)
    """
    return 1 / (serial_share + (1 - serial_share) / workers)


def serial_part() -> int:
    """Do what only one process can do, such as to read the input."""
    return sum(range(1_500_000))


def parallel_part(size: int) -> int:
    """Do one chunk of what can be shared."""
    return sum(number * number for number in range(size))


def seconds(run: Callable[[], object]) -> float:
    """Return the median of some runs, in seconds."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Measure both parts, predict, and measure again with two workers."""
    serial = seconds(serial_part)
    alone = serial + seconds(lambda: [parallel_part(size) for size in CHUNKS])
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(parallel_part, [1, 1]))  # start the workers before the clock
        together = serial + seconds(lambda: list(pool.map(parallel_part, CHUNKS)))
    share = serial / alone
    measured = alone / together
    print(f"serial share {100 * share:.0f} %")
    print(f"{WORKERS} workers: at most {speed_up(share, WORKERS):.2f}x")
    print(f"measured {measured:.2f}x, efficiency {100 * measured / WORKERS:.0f} %")
    print(f"with any number of workers: at most {speed_up(share, 10**9):.1f}x")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
