"""A task is cancelled just when what it waits for is done: is the cancellation lost?"""

import asyncio
import sys
from collections.abc import Awaitable, Callable

Reply = asyncio.Future[None]


async def by_wait_for(reply: Reply) -> None:
    """Wait in the way that lost it before Python 3.12."""
    await asyncio.wait_for(reply, timeout=20)


async def by_timeout(reply: Reply) -> None:
    """Wait in the way that never did."""
    async with asyncio.timeout(20):
        await reply


async def survives(way: Callable[[Reply], Awaitable[None]]) -> bool:
    """Cancel a waiting task together with the reply; tell whether it goes on."""
    reply = asyncio.get_running_loop().create_future()

    async def wait() -> None:
        await way(reply)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)  # let it wait
    reply.set_result(None)
    task.cancel()
    await asyncio.wait([task], timeout=20)
    return not task.cancelled()


def main() -> None:
    """Try both ways; what the first does depends on the version."""
    lost = asyncio.run(survives(by_wait_for))
    old = sys.version_info < (3, 12)
    print("wait_for() loses it before Python 3.12 only:", lost == old)
    print("timeout() loses it:", asyncio.run(survives(by_timeout)))


if __name__ == "__main__":
    main()
