"""A value that each thread has for itself, though all use the same name."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

local = threading.local()


def connection() -> str:
    """Return this thread's connection; open it when the thread asks first."""
    if not hasattr(local, "connection"):
        local.connection = f"connection of {threading.current_thread().name}"
    return str(local.connection)


def ask_twice(both_here: threading.Barrier) -> tuple[str, str]:
    """Ask for the connection, wait until the other thread has one too, ask again."""
    first = connection()
    both_here.wait(timeout=20)
    return first, connection()


def main() -> None:
    """Let two threads ask twice each, and the main thread not at all."""
    both_here = threading.Barrier(2)
    with ThreadPoolExecutor(2, thread_name_prefix="worker") as pool:
        jobs = [pool.submit(ask_twice, both_here) for _ in range(2)]
    for first, second in sorted(job.result() for job in jobs):
        print(first, "=" if first == second else "!=", second)
    print("main thread has one:", hasattr(local, "connection"))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
