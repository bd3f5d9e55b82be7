"""Why a process with results must not be joined before they are taken."""

import multiprocessing
import signal
import sys
from multiprocessing.queues import Queue

MEGABYTE = 1_000_000


def produce(results: "Queue[bytes]") -> None:
    """Put a result that is larger than a pipe holds."""
    results.put(b"x" * MEGABYTE)


def state(child: multiprocessing.Process) -> str:
    """Tell whether a process is still there."""
    return "still lives" if child.is_alive() else "ended"


def main() -> None:
    """Join before the result is taken, and again afterwards."""
    results: Queue[bytes] = multiprocessing.Queue()
    child = multiprocessing.Process(target=produce, args=(results,))
    child.start()
    try:
        child.join(timeout=0.5)  # without the timeout: for ever
        print("joined first: the child", state(child))
        print("took", len(results.get(timeout=20)), "bytes")
        child.join(timeout=20)
        print("joined then: the child", state(child))
    finally:
        child.kill()  # else it outlives an interruption, its result not taken


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
