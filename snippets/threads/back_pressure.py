"""A full queue makes its producer wait: back-pressure."""

import queue
import signal
import threading


def produce(items: queue.Queue[int], waiting: threading.Event) -> None:
    """Put three items into a queue that holds two; say when there is no room."""
    for item in (1, 2, 3):
        try:
            items.put_nowait(item)
        except queue.Full:
            print("producer: no room for", item)
            waiting.set()
            items.put(item, timeout=20)  # blocks until somebody takes an item
        print("producer: put", item)


def main() -> None:
    """Take nothing until the producer has to wait."""
    items, waiting = queue.Queue[int](maxsize=2), threading.Event()
    producer = threading.Thread(target=produce, args=(items, waiting))
    producer.start()
    waiting.wait(timeout=20)
    taken = items.get(timeout=20)
    producer.join()
    rest = [items.get(timeout=20) for _ in range(2)]
    print("consumer: took", taken, "and then", *rest)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
