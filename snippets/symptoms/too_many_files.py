"""A hundred connections at once, where the system allows sixty-four open files."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator

CONNECTIONS = 100


@contextlib.contextmanager
def open_files(most: int) -> Iterator[None]:
    """Lower the limit of open files of this process for a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def download(gate: asyncio.Semaphore) -> None:
    """Hold a connection for a while: a socket is an open file, too."""
    async with gate:
        with socket.socket():
            await asyncio.sleep(0.01)


async def download_all(at_once: int) -> str:
    """Say what came of all downloads, so many of which may run at once."""
    gate = asyncio.Semaphore(at_once)
    work = [download(gate) for _ in range(CONNECTIONS)]
    results = await asyncio.gather(*work, return_exceptions=True)
    errors = {str(result) for result in results if result is not None}
    return ", ".join(sorted(errors)) or "all done"


def main() -> None:
    """Try without a bound, and with one."""
    with open_files(most=64):
        for at_once in (CONNECTIONS, 10):
            print(f"{at_once:3} at once:", asyncio.run(download_all(at_once)))


if __name__ == "__main__":
    main()
