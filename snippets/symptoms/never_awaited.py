"""A coroutine that is called and not awaited: nothing runs, and Python warns."""

import asyncio
import warnings
from collections.abc import Callable, Coroutine


async def save() -> None:
    """Do what is forgotten so easily."""
    print("  saved")


async def forgetful() -> None:
    """Call it like a function."""
    save()  # type: ignore[unused-coroutine]  # the fault that is shown


async def mindful() -> None:
    """Await it."""
    await save()


def run(way: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a coroutine function; print what Python warns of."""
    print(f"{way.__name__}:")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(way())
    for warning in caught:
        print(" ", warning.message)


def main() -> None:
    """Show both."""
    run(forgetful)
    run(mindful)


if __name__ == "__main__":
    main()
