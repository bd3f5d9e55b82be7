"""A dictionary that several processes change, kept by a manager process."""

import multiprocessing
import signal
import sys
import threading
from multiprocessing.managers import DictProxy


def count(
    words: list[str], counts: "DictProxy[str, int]", lock: threading.Lock
) -> None:
    """Count the words in the shared dictionary."""
    for word in words:
        with lock:  # reading and writing are two messages to the manager
            counts[word] = counts.get(word, 0) + 1


def count_all(words: list[str], workers: int) -> dict[str, int]:
    """Let each worker count all the words; return the sums."""
    with multiprocessing.Manager() as manager:
        counts, lock = manager.dict(), manager.Lock()
        processes = [
            multiprocessing.Process(
                target=count, args=(words, counts, lock), daemon=True
            )
            for _ in range(workers)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            message = "a worker failed, some words are not counted"
            raise RuntimeError(message)
        return dict(counts)  # a copy: the proxy ends with the manager


def main() -> None:
    """Let two processes count the same words."""
    counts = count_all(["spam", "egg", "spam"] * 20, workers=2)
    print(dict(sorted(counts.items())))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
