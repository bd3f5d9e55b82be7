# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp"]
# ///
"""Fetch many pages: so many at once, each in time, again where that may help."""

import asyncio
import os
import random
import sys
from dataclasses import dataclass

import aiohttp

ADDRESS = os.environ.get("HTTPBIN_URL", "https://httpbin.org")
AT_ONCE, ATTEMPTS, LARGEST = 4, 3, 1_000_000  # requests, tries of each, bytes of a page
PER_ATTEMPT, DEADLINE, FIRST_PAUSE, LONGEST_PAUSE = 10.0, 60.0, 0.05, 5.0  # seconds


@dataclass(frozen=True)
class Failure:
    """Why there is no page; whether to try again, and after how many seconds."""

    reason: str
    again: bool = False
    after: float = 0.0


def pause(attempt: int, after: float) -> float:
    """Return the seconds to wait: as many as the server asks for, else at random.

    >>> pause(1, after=2.0), pause(1, after=3600.0), 0 <= pause(2, after=0.0) <= 0.1
    (2.0, 5.0, True)
    """
    longest = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
    return min(after, LONGEST_PAUSE) or random.uniform(0, longest)


async def read(response: aiohttp.ClientResponse) -> str | Failure:
    """Return the text of a page, if it is one and not too large."""
    if response.status != 200:
        after = response.headers.get("Retry-After", "")
        again = response.status == 429 or response.status >= 500  # not 404: it stays
        seconds = float(after) if after.isdecimal() else 0.0
        return Failure(f"status {response.status}", again, seconds)
    try:
        await response.content.readexactly(LARGEST + 1)
    except asyncio.IncompleteReadError as whole:
        try:
            return whole.partial.decode(response.charset or "utf-8")
        except (UnicodeDecodeError, LookupError):
            return Failure("not text")
    return Failure("too large")


async def attempt(session: aiohttp.ClientSession, url: str) -> str | Failure:
    """Return the text of a page, or what went wrong this time."""
    try:
        async with session.get(url) as response:
            return await read(response)
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        return Failure("not a URL")
    except TimeoutError:
        return Failure("no answer in time", again=True)
    except aiohttp.ClientError as error:
        return Failure(type(error).__name__, again=True)


async def fetch(
    session: aiohttp.ClientSession, slots: asyncio.Semaphore, url: str
) -> str | Failure:
    """Return the text of a page, or what went wrong the last time."""
    number = 1
    while True:
        async with slots:  # given back before the pause
            result = await attempt(session, url)
        if isinstance(result, str) or not result.again or number == ATTEMPTS:
            return result
        await asyncio.sleep(pause(number, result.after))
        number += 1


async def fetch_all(urls: list[str]) -> list[str | Failure]:
    """Return what became of each URL, at the deadline at the latest."""
    slots, limit = asyncio.Semaphore(AT_ONCE), aiohttp.ClientTimeout(total=PER_ATTEMPT)
    async with aiohttp.ClientSession(timeout=limit) as session:
        tasks = [asyncio.create_task(fetch(session, slots, url)) for url in urls]
        _, late = await asyncio.wait(tasks, timeout=DEADLINE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)  # all are cancelled
    too_late = Failure("not done by the deadline")
    return [too_late if task in late else task.result() for task in tasks]


def main() -> None:
    """Fetch some pages; fail if none could be had."""
    paths = ["/get", "/delay/0.2", "/status/404", "/status/503"]
    results = asyncio.run(fetch_all([ADDRESS + path for path in paths]))
    for path, result in zip(paths, results, strict=True):
        print(f"{path:12}", "ok" if isinstance(result, str) else result.reason)
    if not any(isinstance(result, str) for result in results):
        sys.exit("nothing could be fetched")


if __name__ == "__main__":
    main()
