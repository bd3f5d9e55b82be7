"""What every test gets: the local HTTP server, and a look at what it left behind."""

import multiprocessing
import threading
import time
from collections.abc import Iterator

import pytest

from snippets import runner
from snippets.catalogue import HTTPBIN

GRACE = 2.0  # seconds that a pool's helper threads get to end


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the address of the local HTTP server."""
    with runner.local_server() as address:
        yield address


@pytest.fixture
def httpbin(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point programs at the local server, not at httpbin.org; return its address."""
    monkeypatch.setenv(HTTPBIN, server)
    return server


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread or a child process behind."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + GRACE
    while left := [
        *(set(threading.enumerate()) - before),
        *multiprocessing.active_children(),
    ]:
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: {left}")
        time.sleep(0.01)
