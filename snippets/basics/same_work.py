"""The same two tasks of three short waits each: in sequence, in threads, in processes.

Output: figures vary.
"""

import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

Interval = tuple[float, float]
WorkerType = type[threading.Thread] | type[multiprocessing.Process]


def task(start_line: Barrier, results: "SimpleQueue[Interval]") -> None:
    """Wait three times, as for three replies; report when the task began and ended."""
    began = time.monotonic()
    start_line.wait(timeout=20)  # until as many tasks are here as shall run at once
    for _ in range(3):
        time.sleep(0.05)
    results.put((began, time.monotonic()))


def in_sequence() -> list[Interval]:
    """Do one task, then the other."""
    results: SimpleQueue[Interval] = multiprocessing.SimpleQueue()
    for _ in range(2):
        task(multiprocessing.Barrier(1), results)
    return [results.get(), results.get()]


def at_once(worker_type: WorkerType) -> list[Interval]:
    """Give each task a worker; threads and processes have the same methods."""
    start_line = multiprocessing.Barrier(2)
    results: SimpleQueue[Interval] = multiprocessing.SimpleQueue()
    workers = [
        worker_type(target=task, args=(start_line, results), daemon=True)
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    intervals = [results.get() for _ in workers if not results.empty()]
    if len(intervals) < len(workers):
        message = "a worker failed"
        raise RuntimeError(message)
    return intervals


def most_at_once(intervals: list[Interval]) -> int:
    """Return how many intervals overlap at the moment when the most of them do.

    >>> most_at_once([(0.0, 3.0), (3.0, 6.0)])
    1
    >>> most_at_once([(0.0, 3.0), (1.0, 4.0), (2.0, 5.0)])
    3
    """
    return max(sum(b <= began < e for b, e in intervals) for began, _ in intervals)


def report(way: str, run: Callable[[], list[Interval]]) -> None:
    """Run the tasks one way; print the most at once and the elapsed time."""
    started = time.perf_counter()
    intervals = run()
    elapsed = time.perf_counter() - started
    print(f"{way:13} at most {most_at_once(intervals)} at once   {elapsed:.2f} s")


def main() -> None:
    """Compare the three ways."""
    report("in sequence", in_sequence)
    report("in threads", lambda: at_once(threading.Thread))
    report("in processes", lambda: at_once(multiprocessing.Process))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
