"""Producer and consumers on a bounded queue; every item is accounted for."""

import queue
import signal
import threading

Items = queue.Queue[str | None]
CONSUMERS = 2


def produce(items: Items, orders: list[str]) -> None:
    """Put all orders, then one sentinel for each consumer."""
    for order in orders:
        items.put(order, timeout=20)
    for _ in range(CONSUMERS):
        items.put(None, timeout=20)


def consume(items: Items, outcomes: queue.SimpleQueue[str]) -> None:
    """Handle orders until the sentinel; mark each item as done, come what may."""
    while True:
        order = items.get(timeout=20)
        try:
            if order is None:
                return
            outcomes.put(f"{order}: {int(order) * 2}")
        except Exception as error:
            outcomes.put(f"{order}: failed, {error}")
        finally:
            items.task_done()  # skipped only once, it would make join() wait for ever


def handle(orders: list[str]) -> list[str]:
    """Return the outcome of each order, sorted."""
    items, outcomes = Items(maxsize=3), queue.SimpleQueue[str]()
    threads = [threading.Thread(target=produce, args=(items, orders))]
    threads += [
        threading.Thread(target=consume, args=(items, outcomes))
        for _ in range(CONSUMERS)
    ]
    for thread in threads:
        thread.start()
    threads[0].join()  # all is put,
    items.join()  # all is done,
    for thread in threads:
        thread.join()  # and all have gone home
    return sorted(outcomes.get() for _ in range(outcomes.qsize()))


def main() -> None:
    """Handle six orders, one of which is no number."""
    for outcome in handle(["1", "2", "three", "4", "5", "6"]):
        print(outcome)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
