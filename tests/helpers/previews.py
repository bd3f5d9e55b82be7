"""The preview, served for what tests and measures it."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

from websockets.sync.client import connect

from snippets._tools.catalogue import ROOT
from tests.helpers.cases import ENVIRONMENT

T = TypeVar("T")

PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Preview:
    """A site that is served: where, and the file to which the server says what."""

    address: str  # host and port
    log: Path

    def page(self) -> str:
        """Return the first page, as it is served."""
        with urlopen(f"http://{self.address}/index.html", timeout=PATIENCE) as reply:
            text: str = reply.read().decode()
            return text

    def reload(self, save: Callable[[], object]) -> float:
        """Save something; return how many seconds later browsers are told to reload."""
        with connect(f"ws://{self.address}/websocket-reload") as told:
            started = time.perf_counter()
            save()
            assert told.recv(timeout=PATIENCE) == "refresh"
        return time.perf_counter() - started


def wait_for(pattern: str, log: Path) -> re.Match[str]:
    """Wait until the server says something."""
    return _once(lambda: re.search(pattern, log.read_text(encoding="utf-8")), log)


def _once(look: Callable[[], T | None], log: Path) -> T:
    """Return what a look finds, once it finds something."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    raise TimeoutError(log.read_text(encoding="utf-8"))


def _answers(host: str, port: str) -> bool:
    """Return whether there is somebody who listens."""
    with suppress(ConnectionRefusedError):
        socket.create_connection((host, int(port)), PATIENCE).close()
        return True
    return False


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[Preview]:
    """Serve ``out`` in a folder, where it has been built; Ctrl-C must end that."""
    command = [
        *(sys.executable, str(ROOT / "docs/preview.py"), "--port=0", "--quiet"),
        *("-Dguide_preview=1", *options, "out"),
    ]
    log = folder / "log"
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdout=file, stderr=file
        ) as server,
    ):
        try:
            host, port = wait_for(r"serving http://([\d.]+):(\d+)", log).groups()
            _once(lambda: _answers(host, port), log)  # it says so a moment before
            yield Preview(f"{host}:{port}", log)
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0
