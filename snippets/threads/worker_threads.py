"""Worker threads share a queue of tasks, and end when the work does."""

import queue
import signal
import threading
from collections.abc import Iterable

Tasks = queue.SimpleQueue[int | None]
Outcomes = queue.SimpleQueue[tuple[int, float | Exception]]


def handle(task: int) -> float:
    """Return the inverse of a number; stands for work that may fail.

    >>> handle(4)
    0.25
    """
    return 1 / task


def worker(tasks: Tasks, outcomes: Outcomes) -> None:
    """Handle tasks until the sentinel comes; a failure is an outcome, too."""
    while (task := tasks.get(timeout=20)) is not None:
        try:
            outcomes.put((task, handle(task)))
        except Exception as error:
            outcomes.put((task, error))


def handle_all(numbers: Iterable[int], workers: int) -> dict[int, float | Exception]:
    """Handle every number in some worker; return the outcome of each."""
    tasks, outcomes = Tasks(), Outcomes()
    threads = [
        threading.Thread(target=worker, args=(tasks, outcomes)) for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    for number in numbers:
        tasks.put(number)
    for _ in threads:
        tasks.put(None)  # one sentinel each: who takes it is gone
    for thread in threads:
        thread.join()
    return dict(outcomes.get() for _ in range(outcomes.qsize()))


def main() -> None:
    """Handle some numbers, one of which cannot be handled."""
    for task, outcome in sorted(handle_all([1, 2, 4, 0, 5], workers=3).items()):
        print(f"{task}: {outcome!r}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
