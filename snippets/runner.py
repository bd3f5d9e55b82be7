"""Run a program as a reader would, alone in an empty folder."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snippets.catalogue import HTTPBIN, ROOT, Program

TIME_LIMIT = 30.0  # seconds; the slowest program takes about two on an idle machine
GRACE = 2.0  # seconds that helper processes of multiprocessing get to notice the end
# Warnings are errors, but for one that CPython 3.15 gives itself when it formats the
# traceback of a process that was spawned, whose main module has no loader.
WARNINGS = (
    "error",
    "ignore:Module globals is missing a __spec__.loader:DeprecationWarning",
)
SERVER = "snippets.coroutines.local_server"


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
    with tempfile.TemporaryDirectory(prefix="snippets-") as scratch:
        folders = {name: Path(scratch, name) for name in ("alone", "temporary", "site")}
        for folder in folders.values():
            folder.mkdir()
        copy = Path(shutil.copy(program.path, folders["alone"]))
        environment = _environment(folders["temporary"], server)
        if start_method:
            # Python imports sitecustomize before a script, and in each child too.
            (folders["site"] / "sitecustomize.py").write_text(
                "import multiprocessing\n"
                f"multiprocessing.set_start_method({start_method!r}, force=True)\n"
            )
            environment["PYTHONPATH"] = str(folders["site"])
        command = [sys.executable, *(f"-W{action}" for action in WARNINGS), copy.name]
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folders["alone"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        stdout, stderr, timed_out = _finish(process, time_limit)
        seconds = time.perf_counter() - started
        leftovers = [*_surviving(process.pid), *_new_files(folders, copy)]
    return Run(stdout, stderr, process.returncode, seconds, timed_out, tuple(leftovers))


def _environment(temporary: Path, server: str | None) -> dict[str, str]:
    """Return the reader's environment, less what steers Python, plus stack dumps."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", HTTPBIN))
    }
    kept |= {"PYTHONFAULTHANDLER": "1", "PYTHONUTF8": "1", "TMPDIR": str(temporary)}
    if server:
        kept[HTTPBIN] = server
    return kept


def _finish(process: subprocess.Popen[str], time_limit: float) -> tuple[str, str, bool]:
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


def _surviving(leader: int) -> Iterator[str]:
    """Name what is left of a session when its time of grace is over, and kill it."""
    deadline = time.monotonic() + GRACE
    while _alive(leader):
        if time.monotonic() > deadline:
            _signal_group(leader, signal.SIGKILL)
            yield "a process"
            return
        time.sleep(0.01)


def _alive(leader: int) -> bool:
    """Tell whether any process of a session still runs; it takes /proc to know."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(group) == leader and state != "Z":  # a zombie runs no more
                return True
    return False


def _new_files(folders: dict[str, Path], copy: Path) -> Iterator[str]:
    for name in ("alone", "temporary"):
        for path in folders[name].rglob("*"):
            if path != copy:
                yield f"the file {path.relative_to(folders[name])}"


@contextlib.contextmanager
def local_server() -> Iterator[str]:
    """Run the local HTTP server in a process of its own; yield its address."""
    with subprocess.Popen(
        [sys.executable, "-m", SERVER, "--serve"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                message = f"the local server {SERVER} did not start"
                raise RuntimeError(message)
            yield address
        finally:
            process.terminate()
