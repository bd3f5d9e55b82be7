"""A thread reports to an event loop that has been closed meanwhile."""

import asyncio
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor


def work(loop: asyncio.AbstractEventLoop, go_on: threading.Event) -> str:
    """Work for a while, and then call back."""
    go_on.wait(timeout=20)
    loop.call_soon_threadsafe(lambda: None)
    return "reported"


async def leave(pool: ThreadPoolExecutor, go_on: threading.Event) -> Future[str]:
    """Start the work, and end before it does."""
    return pool.submit(work, asyncio.get_running_loop(), go_on)


async def stay(pool: ThreadPoolExecutor, go_on: threading.Event) -> str:
    """Start the work, and wait for it."""
    working = pool.submit(work, asyncio.get_running_loop(), go_on)
    go_on.set()
    return await asyncio.wrap_future(working)


def main() -> None:
    """Let the loop end before the thread, and after it."""
    with ThreadPoolExecutor(1) as pool:
        go_on = threading.Event()
        working = asyncio.run(leave(pool, go_on))
        go_on.set()
        print("the loop ended first:  ", working.exception())
        print("the thread ended first:", asyncio.run(stay(pool, threading.Event())))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
