# /// script
# requires-python = ">=3.14"
# ///
"""A function in a function as the target of a process: it runs only if it is forked.

Output: figures vary.
"""

import multiprocessing
import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any


def make_local() -> Callable[[], None]:
    """Return a function that no other process can import."""

    def local() -> None:
        """Do nothing."""

    return local


def top_level() -> None:
    """Do nothing."""


def start(method: str, target: Callable[[], None]) -> str:
    """Start a process by the given method; say what came of it."""
    context: Any = multiprocessing.get_context(method)
    child = context.Process(target=target, daemon=True)
    try:
        child.start()
    except pickle.PicklingError as error:
        return str(error)
    child.join()
    return f"exit status {child.exitcode}"


def main() -> None:
    """Start both functions by each method that there is."""
    for target in (make_local(), top_level):
        print(f"{target.__qualname__}:")
        for method in sorted(multiprocessing.get_all_start_methods()):
            print(f"  {method:11} {start(method, target)}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
