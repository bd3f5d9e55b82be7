"""The same two locks, always taken in the same order: nobody can be stuck."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

LOCKS = {"board": threading.Lock(), "knife": threading.Lock()}


@contextlib.contextmanager
def holding(*names: str) -> Iterator[None]:
    """Hold all these locks, taken in the one order that everybody keeps."""
    with contextlib.ExitStack() as stack:
        for name in sorted(names):
            stack.enter_context(LOCKS[name])
        yield


def cook(first: str, second: str, together: threading.Barrier) -> int:
    """Use both tools a thousand times; return how often it worked."""
    together.wait(timeout=20)
    done = 0
    for _ in range(1000):
        with holding(first, second):
            done += 1
    return done


def main() -> None:
    """Let two cooks ask for the tools in opposite orders, at the same time."""
    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        left = pool.submit(cook, "knife", "board", together)
        right = pool.submit(cook, "board", "knife", together)
    print("left: ", left.result(), "times")
    print("right:", right.result(), "times")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
