"""What every test gets: the local server, no other, and a look at what it left."""

import multiprocessing
import os
import shlex
import signal
import socket
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from snippets._tools import catalogue, loopback
from snippets._tools.catalogue import HTTPBIN, Program
from snippets._tools.evidence import ledger
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.loopback import LoopbackError
from snippets._tools.runs import runner
from tests.helpers.cases import MakeProgram

Method = Callable[..., None]
GRACE = 2.0  # seconds that a pool's helper threads get to end
HERE = {None, "", "localhost", "127.0.0.1", "0.0.0.0", "::1", socket.gethostname()}  # noqa: S104 - nothing is bound to it


def pytest_configure() -> None:
    """Refuse to begin with a ledger that cannot be read, or where no test can listen.

    Raises:
        pytest.UsageError: if so; it says what to do.
    """
    # What a shell starts in the background ignores Ctrl-C, and so do its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        loopback.check()
        ledger.load()
    except (LoopbackError, EvidenceError) as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Say last of all which test failed first, and how to repeat it."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return  # it is a worker
    failed = [*reporter.stats.get("error", []), *reporter.stats.get("failed", [])]
    if failed:
        test = shlex.quote(failed[0].nodeid)
        repeat = os.environ.get("REPEAT", "python -m pytest")  # noxfile.py sets it
        reporter.write_line(f"{len(failed)} failed; repeat the first: {repeat} {test}")


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
def stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test find no other machine, as if there were no network."""
    find = socket.getaddrinfo

    def find_here(host: str | None, *arguments: object, **options: object) -> object:
        if host not in HERE:
            reason = f"no test leaves this machine for {host}: use the fixture httpbin"
            raise socket.gaierror(socket.EAI_NONAME, reason)
        return find(host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", find_here)


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


@pytest.fixture
def unjoined(monkeypatch: pytest.MonkeyPatch) -> set[threading.Thread | BaseProcess]:
    """Hold the threads and processes that a test has started and not joined yet."""
    workers: set[threading.Thread | BaseProcess] = set()

    def remembering(start: Method) -> Method:
        def remember(worker: threading.Thread | BaseProcess) -> None:
            workers.add(worker)
            start(worker)

        return remember

    def forgetting(join: Method) -> Method:
        def forget(
            worker: threading.Thread | BaseProcess, timeout: float | None = None
        ) -> None:
            join(worker, timeout)
            if not worker.is_alive():
                workers.discard(worker)

        return forget

    for kind in (threading.Thread, BaseProcess):
        monkeypatch.setattr(kind, "start", remembering(kind.start))
        monkeypatch.setattr(kind, "join", forgetting(kind.join))
    return workers


@pytest.fixture
def make_program(tmp_path: Path) -> MakeProgram:
    """Return a function that makes a program whose main() has the given body."""

    def make(body: str, docstring: str = "Do it.", head: str = "") -> Program:
        path = tmp_path / "snippets/case/example.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f'{head}"""{docstring}"""\n\n\ndef main() -> None:\n'
            f"{textwrap.indent(textwrap.dedent(body), '    ')}\n\n\n"
            'if __name__ == "__main__":\n    main()\n'
        )
        return catalogue.read(path)

    return make


@pytest.fixture
def only_program(
    make_program: MakeProgram, monkeypatch: pytest.MonkeyPatch
) -> MakeProgram:
    """Return a function that makes a program and puts it alone into the catalogue."""

    def make(*arguments: str) -> Program:
        program = make_program(*arguments)
        monkeypatch.setattr(catalogue, "programs", lambda: {program.name: program})
        return program

    return make
