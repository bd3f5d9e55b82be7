"""One thread goes through a dictionary while another adds to it."""

import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

Prices = dict[str, int]


class Turns:
    """Lets the other thread add while one reads: the worst timing there is."""

    def __init__(self) -> None:
        """Begin with nothing read and nothing added."""
        self.reading, self.added = threading.Event(), threading.Event()

    def add(self, prices: Prices) -> None:
        """Add a price when the reading has begun."""
        self.reading.wait(timeout=20)
        prices["tea"] = 3
        self.added.set()

    def total(self, prices: Iterable[tuple[str, int]]) -> int:
        """Add up the prices, slowly."""
        total = 0
        for _, price in prices:
            self.reading.set()
            self.added.wait(timeout=20)
            total += price
        return total


def total(view: Callable[[Prices], Iterable[tuple[str, int]]]) -> int:
    """Return the total of what is seen of the prices while one is added."""
    prices, turns = {"coffee": 4, "milk": 1}, Turns()
    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(turns.add, prices)
        try:
            return turns.total(view(prices))
        finally:
            adding.result()


def main() -> None:
    """Go through the dictionary itself, then through a copy of it."""
    try:
        total(dict.items)
    except RuntimeError as error:
        print("the dictionary:", error)
    print("a copy of it: total", total(lambda prices: list(prices.items())))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
