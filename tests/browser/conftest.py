"""A real Chromium, and the site served to it."""

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from snippets._tools.catalogue import ROOT

SITE = ROOT / "build/html"
NAMES = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
MISSING = """\
There is no Chromium, which these tests need. Install it:
  Debian, Ubuntu: apt-get install chromium
  Fedora: dnf install chromium
  macOS: brew install --cask chromium
or name the one you have: CHROMIUM=/path/to/chromium nox -s browser"""


def chromium() -> str:
    """Return the path of the Chromium of this machine; empty if there is none."""
    found = filter(None, map(shutil.which, NAMES))
    return os.environ.get("CHROMIUM") or next(found, "")


def pytest_configure() -> None:
    """Refuse to begin without a site, or without a browser to look at it.

    Raises:
        pytest.UsageError: if so; it says what to do.
    """
    if not (SITE / "index.html").exists():
        message = "there is no site to look at; build it: nox -s docs"
        raise pytest.UsageError(message)
    if not chromium():
        raise pytest.UsageError(MISSING)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line on standard error for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Serve the site on the loopback; return its address."""
    handler = partial(Quiet, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the Chromium of this machine."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=as_root)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Open a tab that may use the clipboard, and finds pages by their names."""
    context = browser.new_context(
        base_url=address, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """Leave out the look for threads: Playwright keeps its own between tests."""
