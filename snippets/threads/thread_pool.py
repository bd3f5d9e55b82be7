"""The same work in a pool: each task has a future, which keeps its outcome."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed


def handle(task: int) -> float:
    """Return the inverse of a number; stands for work that may fail.

    >>> handle(4)
    0.25
    """
    return 1 / task


def handle_all(numbers: Iterable[int], workers: int) -> dict[int, float | Exception]:
    """Handle every number in some worker; return the outcome of each."""
    outcomes: dict[int, float | Exception] = {}
    with ThreadPoolExecutor(workers) as pool:
        tasks = {pool.submit(handle, number): number for number in numbers}
        for future in as_completed(tasks):
            try:
                outcomes[tasks[future]] = future.result()
            except Exception as error:
                outcomes[tasks[future]] = error
    return outcomes


def main() -> None:
    """Handle some numbers, one of which cannot be handled."""
    for task, outcome in sorted(handle_all([1, 2, 4, 0, 5], workers=3).items()):
        print(f"{task}: {outcome!r}")


if __name__ == "__main__":
    main()
