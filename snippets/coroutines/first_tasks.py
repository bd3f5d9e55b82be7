"""Two coroutines, awaited one after the other, and as two tasks at once."""

import asyncio


async def boil(what: str) -> str:
    """Put something on and wait; while it waits, others may run."""
    print(f"  {what}: put on")
    await asyncio.sleep(0.02)
    print(f"  {what}: ready")
    return what


async def one_after_the_other() -> list[str]:
    """Await the first to the end, then the second."""
    return [await boil("tea"), await boil("eggs")]


async def at_once() -> list[str]:
    """Start both as tasks; leave the block when both are done."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(boil(what)) for what in ("tea", "eggs")]
    return [task.result() for task in tasks]


def main() -> None:
    """Make breakfast twice."""
    print("one after the other:")
    asyncio.run(one_after_the_other())
    print("at once:")
    asyncio.run(at_once())


if __name__ == "__main__":
    main()
