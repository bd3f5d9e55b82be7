"""get_event_loop() in a thread that has no event loop, and what to call instead."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor


async def answer() -> int:
    """Return an answer."""
    return 42


def main() -> None:
    """Let a worker thread ask for a loop, and then have one made."""
    with ThreadPoolExecutor(1, thread_name_prefix="worker") as pool:
        asked = pool.submit(asyncio.get_event_loop)
        made = pool.submit(lambda: asyncio.run(answer()))
    print("get_event_loop():", asked.exception())
    print("run():           ", made.result())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
