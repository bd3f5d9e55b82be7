"""What can be sent to another process, and what cannot."""

import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Order:
    """A plain value, defined at the top of a module."""

    number: int


def top_level() -> None:
    """Stand at the top of a module, so that another process can import it."""


def make_nested() -> Callable[[], None]:
    """Return a function that no other process can find by a name."""

    def nested() -> None:
        pass

    return nested


def can_be_sent(thing: object) -> bool:
    """Tell whether a thing can be pickled, which is how it travels.

    >>> can_be_sent([1, "two", None]), can_be_sent(print), can_be_sent(lambda: 0)
    (True, True, False)
    """
    try:
        pickle.dumps(thing)
    except (AttributeError, TypeError, pickle.PicklingError):
        return False
    return True


def main() -> None:
    """Try some things that people send to processes."""
    for name, thing in {
        "a list of numbers": [1, 2, 3],
        "a data class": Order(7),
        "a top-level function": top_level,
        "a nested function": make_nested(),
        "a lambda": lambda: 0,
        "a generator": (number for number in (1, 2)),
        "a thread's lock": threading.Lock(),
    }.items():
        print(f"{name:21} {'can be sent' if can_be_sent(thing) else 'cannot'}")


if __name__ == "__main__":
    main()
