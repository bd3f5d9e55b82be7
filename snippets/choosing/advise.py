"""Tell waiting from computing by CPU time over elapsed time, and advise a model.

Output: figures vary.
"""

import hashlib
import time
from collections.abc import Callable

SECONDS = 0.2  # to run each task again and again


def wait() -> None:
    """Wait, as for a reply."""
    time.sleep(0.01)


def compute() -> None:
    """Keep the interpreter busy."""
    sum(number * number for number in range(10_000))


def hash_data() -> None:
    """Keep C code busy that releases the GIL."""
    hashlib.sha256(bytes(1_000_000)).digest()


def busy(task: Callable[[], object]) -> float:
    """Return CPU time over elapsed time of a task, from 0 to 1: the most of many runs.

    Other programs can only make the figure smaller, so the largest is the truest.
    """
    most, end = 0.0, time.perf_counter() + SECONDS
    while (started := time.perf_counter()) < end:
        cpu = time.thread_time()
        task()
        cpu = time.thread_time() - cpu
        most = max(most, cpu / (time.perf_counter() - started))
    return most


def advise(ratio: float, *, releases_gil: bool = False, at_once: int = 10) -> str:
    """Return the model to try first, for a task that is busy this much of its time.

    >>> advise(0.01), advise(0.01, at_once=5000)
    ('waits: threads', 'waits: asyncio')
    >>> advise(0.9), advise(0.9, releases_gil=True)
    ('computes: processes', 'computes without the GIL: threads')
    """
    if ratio < 0.2:
        return "waits: threads" if at_once <= 100 else "waits: asyncio"
    return (
        "computes without the GIL: threads" if releases_gil else "computes: processes"
    )


def main() -> None:
    """Measure three tasks and advise on each."""
    for task, releases_gil in ((wait, False), (compute, False), (hash_data, True)):
        ratio = busy(task)
        advice = advise(ratio, releases_gil=releases_gil)
        print(f"{task.__name__:10} busy {100 * ratio:3.0f} %   {advice}")


if __name__ == "__main__":
    main()
