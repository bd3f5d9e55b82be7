"""A task that nobody keeps is collected in the middle of its wait."""

import asyncio
import gc
from typing import Any

Context = dict[str, Any]


async def listen() -> None:
    """Wait for something that only this task knows of."""
    await asyncio.get_running_loop().create_future()


def report(_: asyncio.AbstractEventLoop, context: Context) -> None:
    """Print what the loop would otherwise log."""
    print(" ", context["message"])


async def start(kept: set[asyncio.Task[None]] | None = None) -> None:
    """Start a task, keep it if there is a set for it, and see whether it lives."""
    asyncio.get_running_loop().set_exception_handler(report)
    task = asyncio.create_task(listen())
    if kept is not None:
        kept.add(task)
        task.add_done_callback(kept.discard)
    del task
    await asyncio.sleep(0)  # let it begin
    gc.collect()
    print("  tasks that still listen:", len(asyncio.all_tasks()) - 1)
    for task in kept or ():
        task.cancel()  # nothing else would end it


def main() -> None:
    """Start a task that is forgotten, and one that is kept."""
    print("forgotten:")
    asyncio.run(start())
    print("kept:")
    asyncio.run(start(kept=set()))


if __name__ == "__main__":
    main()
