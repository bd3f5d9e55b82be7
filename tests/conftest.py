"""What every test gets: the local server, a look at what it left, and the ledger."""

import multiprocessing
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import HTTPBIN, Program
from snippets._tools.evidence import ledger
from snippets._tools.evidence.ledger import LedgerError
from snippets._tools.runs import runner
from tests.helpers.cases import MakeProgram

Method = Callable[..., None]
GRACE = 2.0  # seconds that a pool's helper threads get to end


def pytest_configure(config: pytest.Config) -> None:
    """Let the one process that sees every report write the ledger.

    Raises:
        pytest.UsageError: if there is a ledger that cannot be read.
    """
    # What a shell starts in the background ignores Ctrl-C, and so do its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        return
    try:
        ledger.load()
    except LedgerError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(LedgerWriter())


class LedgerWriter:
    """Write the runs of programs into the ledger as they are reported."""

    def __init__(self) -> None:
        self.writer = ledger.Writer()
        self.error = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the run from the test that made it, wherever that ran."""
        for name, value in report.user_properties:
            if name == "ledger" and report.when == "call" and isinstance(value, dict):
                self.write(partial(self.writer.add, ledger.from_json(value)))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Do not call a run a success whose ledger is not written."""
        self.error = ""
        self.write(self.writer.flush)
        if self.error and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def write(self, action: Callable[[], None]) -> None:
        """Write now; if that fails the next time may not, and the last one tells."""
        try:
            action()
        except LedgerError as error:
            self.error = str(error)

    def pytest_unconfigure(self) -> None:
        """Say why the ledger could not be written, below everything else."""
        if self.error:
            print(f"error: {self.error}", file=sys.stderr)


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
