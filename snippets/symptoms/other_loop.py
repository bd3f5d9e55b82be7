"""A queue and a future that outlive an event loop, and are used in the next one."""

import asyncio
import contextlib


class Service:
    """Something that is made once and used wherever it is needed."""

    def __init__(self) -> None:
        """Begin with an empty queue."""
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.reply: asyncio.Future[str] | None = None

    async def use(self) -> None:
        """Wait for an item, but not for ever, and for a reply, if there may be one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await self.queue.get()
        if self.reply is None:
            self.reply = asyncio.get_running_loop().create_future()
        else:
            await self.reply


def complaint(service: Service) -> str:
    """Use a service in a loop of its own; say what goes wrong, less what varies."""
    try:
        asyncio.run(service.use())
    except RuntimeError as error:
        return str(error).rpartition("> ")[2]
    return "nothing to complain of"


def main() -> None:
    """Use one service in two loops, then its future alone, then a new service."""
    service = Service()
    print("first loop:      ", complaint(service))
    print("its queue again: ", complaint(service))
    service.queue = asyncio.Queue()
    print("its future again:", complaint(service))
    print("all made anew:   ", complaint(Service()))


if __name__ == "__main__":
    main()
