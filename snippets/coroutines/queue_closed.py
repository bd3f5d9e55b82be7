# /// script
# requires-python = ">=3.13"
# ///
"""The same without sentinels: the queue itself is shut down."""

import asyncio

CONSUMERS = 2


async def produce(items: asyncio.Queue[str], orders: list[str]) -> None:
    """Put all orders, then say that there will be no more."""
    try:
        for order in orders:
            await items.put(order)
    finally:
        items.shutdown()


async def consume(
    items: asyncio.Queue[str], outcomes: dict[str, int | Exception]
) -> None:
    """Handle orders until the queue is shut down and empty."""
    while True:
        try:
            order = await items.get()
        except asyncio.QueueShutDown:
            return
        try:
            await asyncio.sleep(0.001)
            outcomes[order] = int(order) * 2
        except Exception as error:
            outcomes[order] = error
        finally:
            items.task_done()


async def handle(orders: list[str]) -> dict[str, int | Exception]:
    """Return the outcome of each order."""
    items, outcomes = asyncio.Queue[str](maxsize=3), dict[str, int | Exception]()
    async with asyncio.TaskGroup() as group:
        group.create_task(produce(items, orders))
        for _ in range(CONSUMERS):
            group.create_task(consume(items, outcomes))
    return outcomes


def main() -> None:
    """Handle five orders, one of which is no number."""
    outcomes = asyncio.run(handle(["1", "2", "three", "4", "5"]))
    for order, outcome in sorted(outcomes.items()):
        print(f"{order}: {outcome!r}")


if __name__ == "__main__":
    main()
