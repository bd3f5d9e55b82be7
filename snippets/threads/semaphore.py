"""Six downloads, but no more than two at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor


class HighWater:
    """How many are inside, and the most there have been."""

    def __init__(self) -> None:
        """Begin with nobody inside."""
        self.inside = self.most = 0
        self.lock = threading.Lock()

    def __enter__(self) -> None:
        """Count one more."""
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_: object) -> None:
        """Count one less."""
        with self.lock:
            self.inside -= 1


def download(slots: threading.Semaphore, mark: HighWater) -> None:
    """Wait for a slot, and give it back when done, whatever happens."""
    with slots, mark:
        time.sleep(0.02)


def download_all(downloads: int, at_once: int) -> int:
    """Start all downloads in threads; return the most that were under way at once."""
    slots, mark = threading.BoundedSemaphore(at_once), HighWater()
    with ThreadPoolExecutor(downloads) as pool:
        jobs = [pool.submit(download, slots, mark) for _ in range(downloads)]
    for job in jobs:
        job.result()
    return mark.most


def main() -> None:
    """Compare the bound with what happened."""
    most = download_all(downloads=6, at_once=2)
    print("6 downloads, at most 2 at once:", "kept" if most <= 2 else f"broken, {most}")


if __name__ == "__main__":
    main()
