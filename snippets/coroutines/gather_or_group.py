"""One of two tasks fails: what becomes of the other, by gather and by TaskGroup."""

import asyncio


async def fail() -> None:
    """Fail at once."""
    message = "no such page"
    raise LookupError(message)


async def wait(signal: asyncio.Event) -> str:
    """Wait for a signal; say so if cancelled before it comes."""
    try:
        await signal.wait()
    except asyncio.CancelledError:
        print("  the other was cancelled")
        raise
    print("  the other went on to its end")
    return "page"


async def by_gather() -> None:
    """Get the first exception, while the other task goes on by itself."""
    signal = asyncio.Event()
    other = asyncio.create_task(wait(signal))
    try:
        await asyncio.gather(fail(), other)
    except LookupError as error:
        print("  raised:", error)
    signal.set()
    await other


async def by_quiet_gather() -> None:
    """Get exceptions as results, and overlook them with ease."""
    signal = asyncio.Event()
    signal.set()
    results = await asyncio.gather(fail(), wait(signal), return_exceptions=True)
    failed = sum(isinstance(result, Exception) for result in results)
    print(f"  {len(results)} results, {failed} of them an exception")


async def by_group() -> None:
    """Get every exception in one group, when all tasks have ended."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(wait(asyncio.Event()))
            group.create_task(fail())
    except* LookupError as errors:
        print("  raised:", *errors.exceptions)


def main() -> None:
    """Show all three."""
    for way in (by_gather, by_quiet_gather, by_group):
        print(f"{way.__name__}:")
        asyncio.run(way())


if __name__ == "__main__":
    main()
