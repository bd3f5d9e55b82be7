"""Four places where an exception ends up that nobody has caught."""

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def fail() -> None:
    """Fail."""
    message = "lost"
    raise LookupError(message)


async def fail_later() -> None:
    """Fail, in a task."""
    fail()


def in_a_thread() -> None:
    """Let a thread die; its hook hears of it."""
    before = threading.excepthook
    threading.excepthook = lambda args: print("threading.excepthook:", args.exc_value)
    try:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before


def in_a_future() -> None:
    """Let a task of a pool fail; its future keeps the exception."""
    with ThreadPoolExecutor() as pool:
        future = pool.submit(fail)
    print("Future.exception():", future.exception())


async def in_a_group() -> None:
    """Let a task of a group fail; the group raises an ExceptionGroup."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_later())
    except ExceptionGroup as errors:
        print("ExceptionGroup:", *errors.exceptions)


async def in_a_forgotten_task() -> None:
    """Let a task fail that nobody awaits; the loop hears of it when it is collected."""

    def report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        print("loop's exception handler:", context["exception"])

    asyncio.get_running_loop().set_exception_handler(report)
    task = asyncio.create_task(fail_later())
    await asyncio.wait([task])
    del task
    gc.collect()


def main() -> None:
    """Lose four exceptions, and find them."""
    in_a_thread()
    in_a_future()
    asyncio.run(in_a_group())
    asyncio.run(in_a_forgotten_task())


if __name__ == "__main__":
    main()
