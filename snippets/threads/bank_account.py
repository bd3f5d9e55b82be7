"""A bank account that ten threads use at once, and not a cent is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor


class InsufficientFundsError(Exception):
    """A withdrawal that the balance does not cover."""


class Account:
    """A balance in cents, guarded by a lock of its own."""

    def __init__(self, balance: int) -> None:
        """Open the account with a balance."""
        self.balance = balance
        self.lock = threading.Lock()

    def deposit(self, amount: int) -> None:
        """Add an amount of cents; raise ValueError unless it is positive."""
        check(amount)
        with self.lock:
            self.balance += amount

    def withdraw(self, amount: int) -> None:
        """Take an amount of cents; raise InsufficientFundsError if there is less."""
        check(amount)
        with self.lock:  # around the check too: the balance may not change in between
            if self.balance < amount:
                message = f"{amount} cents asked, {self.balance} there"
                raise InsufficientFundsError(message)
            self.balance -= amount


def check(amount: int) -> None:
    """Raise ValueError unless the amount is positive.

    >>> check(-5)
    Traceback (most recent call last):
    ValueError: an amount must be positive, not -5
    """
    if amount <= 0:
        message = f"an amount must be positive, not {amount}"
        raise ValueError(message)


def transfer(source: Account, target: Account, amount: int) -> None:
    """Move an amount of cents, one lock after the other."""
    source.withdraw(amount)
    target.deposit(amount)


def use(account: Account, *, deposits: bool) -> int:
    """Move a cent a thousand times; return the change that the balance must show."""
    for done in range(1000):
        try:
            account.deposit(1) if deposits else account.withdraw(1)
        except InsufficientFundsError:
            return -done
    return 1000 if deposits else -1000


def main() -> None:
    """Let five threads deposit and five withdraw; then try what must be refused."""
    account, savings = Account(10_000), Account(0)
    with ThreadPoolExecutor(10) as pool:
        jobs = [pool.submit(use, account, deposits=n < 5) for n in range(10)]
    changes = sum(job.result() for job in jobs)
    print("balance", account.balance, "as it must be", 10_000 + changes)
    transfer(account, savings, 2_500)
    print("after a transfer:", account.balance, "and", savings.balance)
    try:
        account.withdraw(1_000_000)
    except InsufficientFundsError as error:
        print("refused:", error)


if __name__ == "__main__":
    main()
