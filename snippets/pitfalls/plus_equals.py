"""One line, three steps: why `+=` is no protection."""

import dis
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

total = 0


def add(barrier: threading.Barrier) -> None:
    """Add what a function returns, in one line."""
    global total  # noqa: PLW0603 - to share it is what this program is about
    total += one(barrier)


def one(barrier: threading.Barrier) -> int:
    """Return 1 when all the other threads are here as well."""
    barrier.wait(timeout=20)
    return 1


def steps() -> list[str]:
    """Return the instructions of `add` that read, add and write."""
    return [
        f"{instruction.opname} {instruction.argrepr}"
        for instruction in dis.get_instructions(add)
        if instruction.opname == "BINARY_OP" or instruction.argval == "total"
    ]


def main() -> None:
    """Show the steps, then let ten threads take them together."""
    print(*steps(), sep="\n")
    barrier = threading.Barrier(10)
    with ThreadPoolExecutor(10) as pool:
        jobs = [pool.submit(add, barrier) for _ in range(10)]
    for job in jobs:
        job.result()
    print("10 additions, the total is", total)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
