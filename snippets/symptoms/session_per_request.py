# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp"]
# ///
"""The connections that five requests take: a session each, and one session for all."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

PAGES = 5
SIZE = 1_000_000  # bytes of a page; of a small one, all is there with its head


class Site:
    """A small site that remembers who came by which connection."""

    def __init__(self) -> None:
        """Begin without visitors."""
        self.connections: set[asyncio.BaseTransport | None] = set()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer, and remember the connection."""
        self.connections.add(request.transport)
        return web.Response(body=bytes(SIZE))

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve the site at a free port of this machine; yield its address."""
        app = web.Application()
        app.router.add_get("/", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        listener = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, listener).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await runner.cleanup()


async def fetch(session: aiohttp.ClientSession) -> None:
    """Fetch a page to its end, so that the connection may be used again."""
    async with session.get("/") as response:
        response.raise_for_status()
        await response.read()


async def a_session_each(address: str) -> None:
    """Open a session for every page."""
    for _ in range(PAGES):
        async with aiohttp.ClientSession(address) as session:
            await fetch(session)


async def one_session(address: str) -> None:
    """Open one session for all pages."""
    async with aiohttp.ClientSession(address) as session:
        for _ in range(PAGES):
            await fetch(session)


async def compare() -> None:
    """Count the connections that each way makes."""
    for way in (a_session_each, one_session):
        site = Site()
        async with asyncio.timeout(20), site.served() as address:
            await way(address)
        print(f"{way.__name__:15} {len(site.connections)} connections")


def main() -> None:
    """Fetch five pages in both ways."""
    asyncio.run(compare())


if __name__ == "__main__":
    main()
