"""C code that releases the GIL: threads hash a large buffer on several cores.

Output: figures vary.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

SIZE = 50_000_000


def fingerprint(data: bytes) -> float:
    """Hash the data with SHA-256; return the CPU seconds that this thread spent."""
    started = time.thread_time()
    hashlib.sha256(data).hexdigest()
    return time.thread_time() - started


def measure(run: Callable[[], Iterable[float]]) -> tuple[float, float]:
    """Return the elapsed seconds of a run, and the CPU seconds of its tasks."""
    started = time.perf_counter()
    cpu = sum(run())
    return time.perf_counter() - started, cpu


def report(way: str, elapsed: float, cpu: float) -> None:
    """Print both figures, and how many cores they kept busy."""
    busy = cpu / elapsed
    print(
        f"{way:13} elapsed {elapsed:.2f} s   CPU {cpu:.2f} s   cores busy {busy:.1f}x"
    )


def main() -> None:
    """Hash a buffer four times in sequence, then in two threads."""
    buffers = [bytes(SIZE)] * 4
    with ThreadPoolExecutor(2) as threads:
        report("in sequence", *measure(lambda: map(fingerprint, buffers)))
        report("in threads", *measure(lambda: threads.map(fingerprint, buffers)))


if __name__ == "__main__":
    main()
