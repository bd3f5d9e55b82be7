"""Transfers both ways between two accounts, which cannot block each other."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field


@dataclass
class Account:
    """A numbered account; the number gives its lock a place in the order."""

    number: int
    balance: int
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


def transfer(source: Account, target: Account, amount: int) -> None:
    """Move an amount of cents; nobody ever sees it in both accounts, or in none.

    Raises:
        ValueError: if the amount is not positive, if the balance does not cover it,
            or if both accounts are the same, whose lock cannot be taken twice.
    """
    if amount <= 0 or source.number == target.number:
        message = f"cannot move {amount} from {source.number} to {target.number}"
        raise ValueError(message)
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        if source.balance < amount:
            message = f"{amount} asked, {source.balance} there"
            raise ValueError(message)
        source.balance -= amount
        target.balance += amount


def send_often(source: Account, target: Account, together: threading.Barrier) -> None:
    """Send a cent a thousand times."""
    together.wait(timeout=20)
    for _ in range(1000):
        transfer(source, target, 1)


def main() -> None:
    """Send from one to the other and back, at the same time."""
    ours, theirs = Account(1, 5_000), Account(2, 5_000)
    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(send_often, ours, theirs, together),
            pool.submit(send_often, theirs, ours, together),
        ]
    for job in jobs:
        job.result()
    print(ours, theirs)
    try:
        transfer(ours, ours, 1)
    except ValueError as error:
        print("refused:", error)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
