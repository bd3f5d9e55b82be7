"""The same with every put accounted for: one sentinel each, task_done() in finally."""

import asyncio

Items = asyncio.Queue[str | None]
CONSUMERS = 2


async def produce(items: Items, orders: list[str]) -> None:
    """Put all orders, then one sentinel for each consumer."""
    for order in [*orders, *[None] * CONSUMERS]:
        await items.put(order)


async def consume(items: Items, outcomes: dict[str, int | Exception]) -> None:
    """Handle orders until the sentinel; mark each item as done, come what may."""
    while True:
        order = await items.get()
        try:
            if order is None:
                return
            await asyncio.sleep(0.001)
            outcomes[order] = int(order) * 2
        except Exception as error:
            outcomes[order or ""] = error
        finally:
            items.task_done()


async def handle(orders: list[str]) -> dict[str, int | Exception]:
    """Return the outcome of each order."""
    items, outcomes = Items(maxsize=3), dict[str, int | Exception]()
    async with asyncio.TaskGroup() as group:
        group.create_task(produce(items, orders))
        for _ in range(CONSUMERS):
            group.create_task(consume(items, outcomes))
    await items.join()  # returns at once: the group has waited, and all is marked
    return outcomes


def main() -> None:
    """Handle five orders, one of which is no number."""
    outcomes = asyncio.run(handle(["1", "2", "three", "4", "5"]))
    for order, outcome in sorted(outcomes.items()):
        print(f"{order}: {outcome!r}")


if __name__ == "__main__":
    main()
