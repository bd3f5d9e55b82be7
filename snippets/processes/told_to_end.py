"""A signal as an exception: `with` ends the workers, and nobody is left behind."""

import multiprocessing
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor


def stop(number: int, _: object) -> None:
    """Leave every block, once: a second signal shall not disturb the clean-up."""
    for later in (signal.SIGINT, signal.SIGTERM):
        signal.signal(later, signal.SIG_IGN)
    sys.exit(128 + number)


def main() -> None:
    """Get the signal that `kill` sends while a worker works; see what is left."""
    try:
        with ProcessPoolExecutor(1) as pool:
            pool.submit(time.sleep, 0.05)
            print("children at work:", len(multiprocessing.active_children()))
            signal.raise_signal(signal.SIGTERM)
            print("not reached")
    except SystemExit as end:
        print("told to end, with status", end.code)
    print("children left:", len(multiprocessing.active_children()))


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    main()
