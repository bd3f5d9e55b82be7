# /// script
# requires-python = ">=3.12"
# ///
"""A process is started beside a running thread: by which methods does Python warn?"""

import multiprocessing
import signal
import sys
import threading
import warnings
from typing import Any


def warning(method: str) -> str:
    """Start a process beside a thread; return the warning, less the process number."""
    context: Any = multiprocessing.get_context(method)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, daemon=True)  # for who is told to end
    child = context.Process(target=int, daemon=True)
    thread.start()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            child.start()
        child.join()
    finally:
        stop.set()
        thread.join()
    texts = [str(item.message) for item in caught]
    return texts[0].partition(") ")[2] if texts else "no warning"


def main() -> None:
    """Try each method that there is."""
    for method in sorted(multiprocessing.get_all_start_methods()):
        print(f"{method:11} {warning(method)}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
