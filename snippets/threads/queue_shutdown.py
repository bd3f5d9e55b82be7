# /// script
# requires-python = ">=3.13"
# ///
"""The same without sentinels: the queue itself is shut down."""

import queue
import signal
import threading

CONSUMERS = 2


def produce(items: queue.Queue[str], orders: list[str]) -> None:
    """Put all orders, then say that there will be no more."""
    try:
        for order in orders:
            items.put(order, timeout=20)
    finally:
        items.shutdown()  # also when the producer fails: nobody waits for ever


def consume(items: queue.Queue[str], outcomes: queue.SimpleQueue[str]) -> None:
    """Handle orders until the queue is shut down and empty."""
    while True:
        try:
            order = items.get(timeout=20)
        except queue.ShutDown:
            return
        try:
            outcomes.put(f"{order}: {int(order) * 2}")
        except Exception as error:
            outcomes.put(f"{order}: failed, {error}")
        finally:
            items.task_done()


def handle(orders: list[str]) -> list[str]:
    """Return the outcome of each order, sorted."""
    items, outcomes = queue.Queue[str](maxsize=3), queue.SimpleQueue[str]()
    threads = [threading.Thread(target=produce, args=(items, orders))]
    threads += [
        threading.Thread(target=consume, args=(items, outcomes))
        for _ in range(CONSUMERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes.get() for _ in range(outcomes.qsize()))


def main() -> None:
    """Handle six orders, one of which is no number."""
    for outcome in handle(["1", "2", "three", "4", "5", "6"]):
        print(outcome)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
