"""Workers in two phases: none computes before all have loaded."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor


def work(number: int, parts: list[int], everybody: threading.Barrier) -> int:
    """Load a part, wait for everybody, and compute with the parts of all."""
    parts[number] = (number + 1) * 10
    everybody.wait(timeout=20)
    return sum(parts)


def main() -> None:
    """Let three workers load one part each and add up all three."""
    parts, everybody = [0, 0, 0], threading.Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(work, number, parts, everybody) for number in range(3)]
    for number, job in enumerate(jobs):
        print(f"worker {number} saw the sum {job.result()}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
