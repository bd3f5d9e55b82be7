"""A producer and two consumers that handle every item, and then hang in join()."""

import asyncio

Items = asyncio.Queue[str | None]


async def produce(items: Items) -> None:
    """Put four items and one sentinel."""
    for number in range(1, 5):
        await items.put(f"item {number}")
    await items.put(None)


async def consume(items: Items) -> None:
    """Handle items until the sentinel; put it back for the other consumer."""
    while True:
        item = await items.get()
        if item is None:
            await items.put(None)  # one more put, and nobody will mark it as done
            return
        print("handled", item)
        items.task_done()


async def run(patience: float) -> None:
    """Wait for the queue, though only for so many seconds."""
    items = Items()
    await produce(items)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(consume(items))
    try:
        async with asyncio.timeout(patience):
            await items.join()
    except TimeoutError:
        print("hangs: all have gone home, and in the queue is", items.get_nowait())


def main() -> None:
    """Show the hang, for a fifth of a second."""
    asyncio.run(run(patience=0.2))


if __name__ == "__main__":
    main()
