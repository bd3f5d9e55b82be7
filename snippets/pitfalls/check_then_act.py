"""Every step is locked, and yet the last item is sold twice: check, then act."""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Stock:
    """A number of items; each method takes the lock."""

    def __init__(self, items: int) -> None:
        """Begin with some items."""
        self.items = items
        self.lock = threading.Lock()

    def available(self) -> bool:
        """Tell whether there is an item, at the moment of asking."""
        with self.lock:
            return self.items > 0

    def take(self) -> None:
        """Take an item."""
        with self.lock:
            self.items -= 1

    def take_if_available(self) -> bool:
        """Take an item if there is one, as one step; tell whether there was."""
        with self.lock:
            if self.items == 0:
                return False
            self.items -= 1
            return True


def check_then_act(stock: Stock, both_checked: threading.Barrier) -> bool:
    """Sell an item; the answer may be out of date when it is used."""
    if not stock.available():
        return False
    both_checked.wait(timeout=20)
    stock.take()
    return True


def sell(sale: Callable[[], bool]) -> int:
    """Let two customers buy at once; return how many of them got an item."""
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(sale) for _ in range(2)]
    return sum(job.result() for job in jobs)


def main() -> None:
    """Sell the last item to two customers, in both ways."""
    stock, both_checked = Stock(1), threading.Barrier(2)
    sold = sell(lambda: check_then_act(stock, both_checked))
    print("check, then act: sold", sold, "of 1, left", stock.items)
    stock = Stock(1)
    print(
        "in one step:     sold",
        sell(stock.take_if_available),
        "of 1, left",
        stock.items,
    )


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
