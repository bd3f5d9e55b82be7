"""Worker processes with a queue of tasks and a queue of outcomes; errors come back."""

import multiprocessing
import signal
import sys
import traceback
from multiprocessing.queues import Queue

Outcome = tuple[str, int | Exception]


def handle(order: str) -> int:
    """Return twice the number that an order names.

    >>> handle("21")
    42
    """
    return 2 * int(order)


def worker(tasks: "Queue[str | None]", outcomes: "Queue[Outcome]") -> None:
    """Answer every task until the sentinel comes, a failure by its exception."""
    while (order := tasks.get(timeout=20)) is not None:
        try:
            outcomes.put((order, handle(order)))
        except Exception as error:
            # A traceback cannot be pickled, its text can.
            error.add_note("".join(traceback.format_exception(error)))
            outcomes.put((order, error))


def handle_all(orders: list[str], workers: int) -> dict[str, int | Exception]:
    """Handle every order in some worker; return the outcome of each."""
    tasks: Queue[str | None] = multiprocessing.Queue()
    outcomes: Queue[Outcome] = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=worker, args=(tasks, outcomes), daemon=True)
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    for order in [*orders, *[None] * workers]:
        tasks.put(order)
    answered = dict(outcomes.get(timeout=20) for _ in orders)  # first drain,
    for process in processes:
        process.join()  # then join
    return answered


def main() -> None:
    """Handle some orders, one of which is no number."""
    for order, outcome in sorted(handle_all(["1", "2", "three", "4"], 2).items()):
        print(f"{order}: {outcome!r}")
        if isinstance(outcome, Exception):
            print("   its traceback names handle():", "handle" in outcome.__notes__[0])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
