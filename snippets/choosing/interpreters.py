# /// script
# requires-python = ">=3.14"
# ///
"""Several interpreters in one process: each has its own modules, and its own GIL."""

import os
import threading
from concurrent.futures import InterpreterPoolExecutor

visits: list[int] = []


def visit(number: int) -> tuple[int, int, int]:
    """Leave a mark in this module; return number, process and count of marks."""
    visits.append(number)
    return number, os.getpid(), len(visits)


def main() -> None:
    """Let one interpreter be visited three times, and look at our own marks."""
    with InterpreterPoolExecutor(max_workers=1) as pool:
        results = list(pool.map(visit, range(3)))
    print("in this process:", {process for _, process, _ in results} == {os.getpid()})
    print("marks there:", [marks for _, _, marks in results])
    print("marks here:", len(visits))
    print("threads left:", threading.active_count() - 1)


if __name__ == "__main__":
    main()
