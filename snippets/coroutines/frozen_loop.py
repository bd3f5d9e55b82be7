"""A blocking call stops every coroutine; in a thread of its own it stops none."""

import asyncio
import threading


def blocking_call(heartbeats: threading.Event) -> str:
    """Block this thread until the heart has beaten, or for half a second."""
    return "heard the heart" if heartbeats.wait(timeout=0.5) else "heard nothing"


async def beat(heartbeats: threading.Event) -> None:
    """Beat three times, if the event loop gets to it."""
    for _ in range(3):
        await asyncio.sleep(0)
    heartbeats.set()


async def in_the_loop() -> str:
    """Call it like any function: the event loop stands still meanwhile."""
    heartbeats = threading.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(beat(heartbeats))
        return blocking_call(heartbeats)


async def in_a_thread() -> str:
    """Let a thread make the call, and await that."""
    heartbeats = threading.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(beat(heartbeats))
        return await asyncio.to_thread(blocking_call, heartbeats)


def main() -> None:
    """Compare the two."""
    print("in the loop:", asyncio.run(in_the_loop()))
    print("in a thread:", asyncio.run(in_a_thread()))


if __name__ == "__main__":
    main()
