"""Log lines that say which process and which thread they come from, all in one log."""

import logging
import logging.handlers
import multiprocessing
import signal
import sys
import threading
from multiprocessing.queues import Queue

FORMAT = "%(levelname)s %(processName)s/%(threadName)s: %(message)s"


logger = logging.getLogger("shop")


def work(item: str) -> None:
    """Do something, and say so."""
    logger.info("handles %s", item)


def work_in_a_process(records: "Queue[logging.LogRecord]", item: str) -> None:
    """Send log records to the parent, which alone writes them."""
    root = logging.getLogger()
    root.handlers = [logging.handlers.QueueHandler(records)]
    root.setLevel(logging.INFO)
    work(item)


def main() -> None:
    """Log from this thread, from another, and from another process."""
    console = logging.StreamHandler(sys.stdout)
    logging.basicConfig(level=logging.INFO, format=FORMAT, handlers=[console])
    records: Queue[logging.LogRecord] = multiprocessing.Queue()
    process = multiprocessing.Process(
        target=work_in_a_process, name="child", args=(records, "orders"), daemon=True
    )
    process.start()
    console.handle(records.get(timeout=20))  # a QueueListener does this in a thread
    process.join()
    work("invoices")
    thread = threading.Thread(target=work, name="worker", args=("letters",))
    thread.start()
    thread.join()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
