"""Run a program as a reader would, alone in an empty folder."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from snippets._tools.catalogue import HTTPBIN, ROOT, Program
from snippets._tools.runs import observer
from snippets._tools.timeline import watcher

TIME_LIMIT = 30.0  # seconds; the slowest program takes about two on an idle machine
GRACE = 2.0  # seconds that helper processes of multiprocessing get to notice the end
GRACE_OF_MEMORY = 6.0  # and those who remove shared memory, while others are busy
# Warnings are errors, but for one that CPython 3.15 gives itself when it formats the
# traceback of a process that was spawned, whose main module has no loader.
WARNINGS = (
    "error",
    "ignore:Module globals is missing a __spec__.loader:DeprecationWarning",
)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory is on Linux
SERVER = "snippets._tools.runs.local_server"


@dataclass(frozen=True)
class Run:
    """One run of a program: what it printed, how it ended, what it left behind."""

    stdout: str
    stderr: str
    returncode: int
    seconds: float
    timed_out: bool
    leftovers: tuple[str, ...]

    def complaint(self) -> str:
        """Say what is wrong with the run, whatever it printed; empty if it is well."""
        if self.timed_out:
            return f"did not end in time; where it stood:\n{self.stderr}"
        if self.returncode:
            return f"ended with exit status {self.returncode}:\n{self.stderr}"
        if self.stderr:
            return f"wrote to standard error:\n{self.stderr}"
        if self.leftovers:
            return "left behind: " + ", ".join(self.leftovers)
        return ""


def run(
    program: Program,
    *,
    start_method: str | None = None,
    server: str | None = None,
    time_limit: float = TIME_LIMIT,
) -> Run:
    """Run a copy of a program that stands alone in an empty folder, warnings as errors.

    ``start_method`` sets how multiprocessing starts processes, the program unchanged.
    ``server`` is the address of the local HTTP server.
    A program that outlives ``time_limit`` seconds is made to dump the stacks of all its
    threads and processes, and killed.
    """
    with started(program, start_method, server) as (process, scratch):
        began = time.perf_counter()
        stdout, stderr, timed_out = finish(process, time_limit)
        seconds = time.perf_counter() - began
        outside = scratch.leftovers(process.pid, program)
        leftovers = (*outside, *scratch.open_at_the_end())
    return Run(stdout, stderr, process.returncode, seconds, timed_out, leftovers)


@dataclass(frozen=True)
class Interruption:
    """What became of a program that got a signal.

    ``hit`` tells whether it still ran then, ``seconds`` how long it took from there to
    the end of the last of its processes.
    """

    hit: bool
    seconds: float
    stderr: str
    leftovers: tuple[str, ...]


def interrupt(
    program: Program,
    number: signal.Signals,
    after: float,
    *,
    start_method: str | None = None,
    server: str | None = None,
) -> Interruption:
    """Run a program and send it a signal ``after`` so many seconds.

    SIGINT goes to all of its processes, as from a terminal when Ctrl-C is pressed, any
    other to the program itself, as from ``kill``.
    """
    with started(program, start_method, server) as (process, scratch):
        time.sleep(after)
        hit = process.poll() is None
        if number == signal.SIGINT:
            _signal_group(process.pid, number)
        elif hit:
            process.send_signal(number)
        sent = time.perf_counter()
        alive = list(surviving(process.pid))
        seconds = time.perf_counter() - sent
        leftovers = (*alive, *scratch.leftovers(process.pid, program))
        _, stderr = process.communicate()
    return Interruption(hit, seconds, stderr, leftovers)


@contextlib.contextmanager
def started(
    program: Program,
    start_method: str | None,
    server: str | None,
    site: ModuleType = observer,
) -> Iterator[tuple[subprocess.Popen[str], "Scratch"]]:
    """Start a copy of a program, alone in an empty folder, as leader of a session.

    ``site`` is what its Python imports first, as ``sitecustomize``.
    """
    with tempfile.TemporaryDirectory(prefix="snippets-") as folder:
        scratch = Scratch(Path(folder), site)
        copy = shutil.copy(program.path, scratch.alone)
        with subprocess.Popen(
            [sys.executable, *(f"-W{action}" for action in WARNINGS), Path(copy).name],
            cwd=scratch.alone,
            env=scratch.environment(start_method, server),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        ) as process:
            try:
                yield process, scratch
            finally:
                _signal_group(process.pid, signal.SIGKILL)


class Scratch:
    """The folders of a run, and what is found in them and elsewhere after it."""

    def __init__(self, folder: Path, site: ModuleType) -> None:
        """Make the folders, and put what Python imports first where it looks."""
        self.alone, self.temporary, self.trace, self._site = (
            folder / name for name in ("alone", "temporary", "trace", "site")
        )
        for path in (self.alone, self.temporary, self.trace, self._site):
            path.mkdir()
        shutil.copy(str(site.__file__), self._site / "sitecustomize.py")
        self._report = folder / "leftovers"
        self._mark = f"s{secrets.token_hex(3)}"  # POSIX has room for a few more only

    def environment(
        self, start_method: str | None, server: str | None
    ) -> dict[str, str]:
        """Return a reader's environment with our own settings."""
        kept = _of_a_reader() | {
            "PYTHONFAULTHANDLER": "1",
            "PYTHONPATH": str(self._site),
            "PYTHONUTF8": "1",
            "TMPDIR": str(self.temporary),
            observer.LEFTOVERS: str(self._report),
            observer.MEMORY: self._mark,
            watcher.FOLDER: str(self.trace),
        }
        if start_method:
            kept[observer.START_METHOD] = start_method
        if server:
            kept[HTTPBIN] = server
        return kept

    def leftovers(self, leader: int, program: Program) -> Iterator[str]:
        """Name what a session has left behind, when its time of grace is over."""
        yield from surviving(leader)
        for folder in (self.alone, self.temporary):
            for path in folder.rglob("*"):
                if path != self.alone / program.path.name:
                    yield f"the file {path.relative_to(folder)}"
        for path in self._orphaned():
            yield f"the shared memory {path.name}"

    def open_at_the_end(self) -> list[str]:
        """Name what the program itself had open when it ended."""
        if not self._report.exists():
            return []
        return self._report.read_text(encoding="utf-8").splitlines()

    def _orphaned(self) -> set[Path]:
        """Return the shared memory of this run that nobody has removed in time."""
        deadline = time.monotonic() + GRACE_OF_MEMORY
        while found := {*self._shared_memory()}:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return found

    def _shared_memory(self) -> Iterator[Path]:
        """Yield what this run has made, and not removed yet."""
        yield from SHARED_MEMORY.glob(f"{self._mark}*")
        yield from SHARED_MEMORY.glob(f"sem.{self._mark}*")


def _of_a_reader() -> dict[str, str]:
    """Return the environment less what steers Python or is ours."""
    ours = "PYTHON", "SNIPPETS", HTTPBIN
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


def finish(process: subprocess.Popen[str], time_limit: float) -> tuple[str, str, bool]:
    """Return what a program printed, its errors, and whether it had to be killed."""
    try:
        return *process.communicate(timeout=time_limit), False
    except subprocess.TimeoutExpired:
        # SIGABRT makes faulthandler print every stack, in the children as well.
        _signal_group(process.pid, signal.SIGABRT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return *process.communicate(timeout=GRACE), True
    _signal_group(process.pid, signal.SIGKILL)
    return *process.communicate(), True


def _signal_group(leader: int, number: int) -> None:
    """Signal every process of a session that there still is."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)


def surviving(leader: int) -> Iterator[str]:
    """Name what is left of a session when its time of grace is over, and kill it."""
    deadline = time.monotonic() + GRACE
    while any(session(leader)):
        if time.monotonic() > deadline:
            _signal_group(leader, signal.SIGKILL)
            yield "a process"
            return
        time.sleep(0.01)


def session(leader: int) -> Iterator[int]:
    """Yield the processes of a session that still run; it takes /proc to know."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(group) == leader and state != "Z":  # a zombie runs no more
                yield int(stat.parent.name)


@contextlib.contextmanager
def local_server() -> Iterator[str]:
    """Run the local HTTP server in a process of its own; yield its address."""
    with subprocess.Popen(
        [sys.executable, "-m", SERVER],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=_of_a_reader(),
    ) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                message = f"the local server {SERVER} did not start"
                raise RuntimeError(message)
            yield address
        finally:
            process.terminate()
