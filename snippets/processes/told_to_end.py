"""SIGTERM as an exception: `with` ends the workers, and nobody is left behind."""

import multiprocessing
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor


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
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
