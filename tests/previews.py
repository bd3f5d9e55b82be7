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
from urllib.request import urlopen

from cases import ENVIRONMENT
from websockets.sync.client import connect

from snippets.catalogue import ROOT

PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Preview:
    """A site that is served, and the file to which the server writes what it says."""

    log: Path

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the server says something."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if found := re.search(pattern, self.log.read_text(encoding="utf-8")):
                return found
            time.sleep(0.02)
        raise AssertionError(self.log.read_text(encoding="utf-8"))

    def address(self) -> str:
        """Return the host and the port, once it answers there."""
        host, port = self.wait_for(r"serving http://([\d.]+):(\d+)").groups()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(ConnectionRefusedError):
                socket.create_connection((host, port)).close()
                return f"{host}:{port}"
            time.sleep(0.02)
        raise TimeoutError

    def page(self) -> str:
        """Return the first page, as it is served."""
        address = f"http://{self.address()}/index.html"
        with urlopen(address, timeout=PATIENCE) as reply:
            text: str = reply.read().decode()
            return text

    def reload(self, save: Callable[[], object]) -> float:
        """Save something; return how many seconds later browsers are told to reload."""
        with connect(f"ws://{self.address()}/websocket-reload") as told:
            started = time.perf_counter()
            save()
            assert told.recv(timeout=PATIENCE) == "refresh"
        return time.perf_counter() - started


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[Preview]:
    """Serve ``out`` in a folder, where it has been built; Ctrl-C must end that."""
    command = [
        *(sys.executable, str(ROOT / "docs/preview.py"), "--port=0", "--quiet"),
        *("-Dpreview=1", *options, "out"),
    ]
    log = folder / "log"
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdout=file, stderr=file
        ) as server,
    ):
        try:
            yield Preview(log)
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0
