"""A thread hands an item to an asyncio.Queue: only one of two calls may do that."""

import asyncio
from collections.abc import Callable

Loop = asyncio.AbstractEventLoop


def carelessly(loop: Loop, put: Callable[[str], None]) -> None:
    """Put an item from this thread, as put_nowait() itself would wake a consumer."""
    loop.call_soon(put, "an item")


def safely(loop: Loop, put: Callable[[str], None]) -> None:
    """Let the loop put the item, in its own thread, and wake it for that."""
    loop.call_soon_threadsafe(put, "an item")


async def receive(hand_over: Callable[[Loop, Callable[[str], None]], None]) -> str:
    """Return the item that a thread has handed over, or why it could not."""
    items: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 20  # debug mode shall speak of this one thing
    try:
        await asyncio.to_thread(hand_over, loop, items.put_nowait)
    except RuntimeError as error:
        return str(error)
    async with asyncio.timeout(20):
        return await items.get()


def main() -> None:
    """Try both, in debug mode: without it, the first call fails in silence."""
    for way in (carelessly, safely):
        print(f"{way.__name__:10}", asyncio.run(receive(way), debug=True))


if __name__ == "__main__":
    main()
