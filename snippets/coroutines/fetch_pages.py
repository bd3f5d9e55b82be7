# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp"]
# ///
"""Fetch several pages at once, by one session, before a deadline."""

import asyncio
import os

import aiohttp

ADDRESS = os.environ.get("HTTPBIN_URL", "https://httpbin.org")


async def fetch(session: aiohttp.ClientSession, path: str) -> int:
    """Return the size of a page in bytes; raise unless its status is good."""
    async with session.get(path) as response:
        response.raise_for_status()
        return len(await response.read())


async def fetch_all(address: str, paths: list[str], deadline: float) -> dict[str, int]:
    """Return the size of each page.

    Raises:
        TimeoutError: if not all are there after so many seconds.
        ExceptionGroup: of what went wrong with a page; the others are cancelled.
    """
    async with asyncio.timeout(deadline), aiohttp.ClientSession(address) as session:
        async with asyncio.TaskGroup() as group:
            tasks = {path: group.create_task(fetch(session, path)) for path in paths}
        return {path: task.result() for path, task in tasks.items()}


def main() -> None:
    """Fetch three pages."""
    paths = ["/bytes/100", "/bytes/2000", "/bytes/30000"]
    for path, size in asyncio.run(fetch_all(ADDRESS, paths, deadline=20)).items():
        print(f"{path:13} {size:6} bytes")


if __name__ == "__main__":
    main()
