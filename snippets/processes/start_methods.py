"""What a child process sees of a value that its parent has changed."""

import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

SETTINGS = {"mode": "as imported"}


def look(answer: Connection) -> None:
    """Send what this process finds in the settings."""
    answer.send(SETTINGS["mode"])
    answer.close()


def seen_by_a_child(method: str) -> str:
    """Start a child by the given method; return what it finds in the settings."""
    context: Any = multiprocessing.get_context(method)
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=look, args=(there,), daemon=True)
    child.start()
    there.close()
    seen: str = here.recv() if here.poll(timeout=20) else "no answer"
    child.join()
    here.close()
    return seen


def main() -> None:
    """Change a setting, then start a child by each method that there is."""
    SETTINGS["mode"] = "changed by the parent"
    for method in sorted(multiprocessing.get_all_start_methods()):
        print(f"{method:11} {seen_by_a_child(method)}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
