"""Run a program as a reader would, alone in an empty folder.

It finds there what a reader who has copied it has, and nothing of ours: the variables
of the environment that ``KEPT`` names, the standard library, and the packages that it
declares. What it does beyond that is told, by what is left and by the ``observer``.
"""

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
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from snippets._tools import packages
from snippets._tools.catalogue import HTTPBIN, ROOT, Program
from snippets._tools.runs import observer, processes
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
MOST_PRINTED = 64 * 1024  # characters; the longest output of the guide has about 1,500
# What Python needs to start, to find programs, and to know the language and the time.
KEPT = (
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",  # some Pythons find their own library by it
    "PATH",
    "SYSTEMROOT",  # Windows starts no process without it
    "TZ",
)
UNDECLARED = (
    "A program can import the standard library and what its PEP 723 block declares, "
    "and nothing of this project."
)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory is on Linux
SERVER = "snippets._tools.runs.local_server"


@dataclass(frozen=True)
class Run:
    """One run of a program: what it printed, how it ended, what it left behind.

    ``reached`` are files that it opened and that are not its own. ``unchecked`` is what
    this system does not tell: that nothing of it is in ``leftovers`` means nothing.
    """

    stdout: str
    stderr: str
    returncode: int
    seconds: float
    timed_out: bool
    leftovers: tuple[str, ...]
    reached: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    def complaint(self) -> str:
        """Say what is wrong with the run, whatever it printed; empty if it is well."""
        return next(self._complaints(), "")

    def _complaints(self) -> Iterator[str]:
        """Yield all that is wrong, the worst first."""
        if max(len(self.stdout), len(self.stderr)) > MOST_PRINTED:
            yield (
                f"printed more than {MOST_PRINTED:,} characters and was stopped; "
                "a page has room for some lines that show the idea"
            )
        if self.timed_out:
            yield f"did not end in time; where it stood:\n{self.stderr}"
        if self.returncode:
            cure = UNDECLARED if "ModuleNotFoundError" in self.stderr else ""
            yield f"ended with exit status {self.returncode}:\n{self.stderr}{cure}"
        if self.stderr:
            yield f"wrote to standard error:\n{self.stderr}"
        if self.reached:
            yield (
                f"is not alone: it {', it '.join(self.reached)}; let it make what it "
                "reads, and write into a tempfile.TemporaryDirectory()"
            )
        if self.leftovers:
            yield "left behind: " + ", ".join(self.leftovers)


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
        stdout, stderr, timed_out = finish(process, scratch.mark, time_limit)
        seconds = time.perf_counter() - began
        outside = scratch.leftovers(process.pid, program)
        leftovers = (*outside, *scratch.open_at_the_end())
        reached = tuple(scratch.reached())
    return Run(
        stdout,
        stderr,
        process.returncode,
        seconds,
        timed_out,
        leftovers,
        reached,
        tuple(unchecked()),
    )


def unchecked() -> Iterator[str]:
    """Name what this system does not tell of a run."""
    if not observer.DESCRIPTORS.exists():
        yield "open sockets"
    if not SHARED_MEMORY.exists():
        yield "shared memory"


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
        alive = list(surviving(process.pid, scratch.mark))
        seconds = time.perf_counter() - sent
        leftovers = (*alive, *scratch.leftovers(process.pid, program))
        _, stderr = process.communicate()
    return Interruption(hit, seconds, stderr, leftovers)


@contextlib.contextmanager
def started(
    program: Program,
    start_method: str | None,
    server: str | None,
    *,
    traced: bool = False,
) -> Iterator[tuple[subprocess.Popen[str], "Scratch"]]:
    """Start a copy of a program, alone in an empty folder, as leader of a session.

    If it is ``traced``, its threads, processes and tasks write down what they wait for.
    """
    # The names are short, as paths of sockets must be: 103 characters on macOS.
    with tempfile.TemporaryDirectory(prefix="s-") as folder:
        scratch = Scratch(Path(folder))
        copy = shutil.copy(program.path, scratch.alone)
        environment = scratch.environment(program, start_method, server)
        if traced:
            shutil.copy(watcher.__file__, scratch.site / f"{observer.WATCHER}.py")
            environment[observer.TRACE] = str(scratch.trace)
        with subprocess.Popen(
            [sys.executable, *(f"-W{action}" for action in WARNINGS), Path(copy).name],
            cwd=scratch.alone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        ) as process:
            try:
                yield process, scratch
            finally:
                _signal_group(process.pid, signal.SIGKILL)


class Scratch:
    """The folders of a run, and what is found in them and elsewhere after it.

    The program is in ``alone``; in ``world`` are that, its HOME and its TMPDIR, and
    nothing else.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folders, and put what Python imports first where it looks."""
        self._folder, self._world = folder, folder / "world"
        self.site, self.trace = folder / "site", folder / "trace"
        self.alone, self._home, self._temporary = (
            self._world / name for name in ("alone", "home", "tmp")
        )
        for path in (self.site, self.trace, self._world):
            path.mkdir()
        for path in (self.alone, self._home, self._temporary):
            path.mkdir()
        shutil.copy(observer.__file__, self.site / "sitecustomize.py")
        self._ended, self._reached = folder / "ended", folder / "reached"
        self.mark = processes.new_mark()
        self._memory = f"s{secrets.token_hex(3)}"  # POSIX has room for a few more only

    def environment(
        self, program: Program, start_method: str | None, server: str | None
    ) -> dict[str, str]:
        """Return the environment of a reader who has copied a program, and our own."""
        needs = packages.with_what_they_need(program.dependencies)
        made = _of_a_reader() | {
            "HOME": str(self._home),
            "PYTHONFAULTHANDLER": "1",
            "PYTHONPATH": str(self.site),
            "PYTHONUTF8": "1",
            "TEMP": str(self._temporary),
            "TMPDIR": str(self._temporary),
            "USERPROFILE": str(self._home),
            observer.DECLARED: " ".join(sorted(packages.to_import(needs))),
            observer.FOLDER: str(self._folder),
            observer.LEFTOVERS: str(self._ended),
            observer.MEMORY: self._memory,
            observer.PROJECT: str(ROOT),
            observer.REACHED: str(self._reached),
            processes.MARK: self.mark,
        }
        if start_method:
            made[observer.START_METHOD] = start_method
        if server:
            made[HTTPBIN] = server
        return made

    def leftovers(self, leader: int, program: Program) -> Iterator[str]:
        """Name what a run has left behind, when its time of grace is over."""
        yield from surviving(leader, self.mark)
        ours = {self.alone, self.alone / program.path.name, self._home, self._temporary}
        for path in sorted({*self._world.rglob("*")} - ours):
            yield f"the file {os.path.relpath(path, self.alone)}"
        for path in self._orphaned():
            yield f"the shared memory {path.name}"

    def open_at_the_end(self) -> list[str]:
        """Name what the program itself had open when it ended."""
        return _lines(self._ended)

    def reached(self) -> Iterator[str]:
        """Say what the run has opened that is not its own; devices are everybody's.

        What is written in the memory of /dev/shm counts if it is there in the end.
        """
        for line in dict.fromkeys(_lines(self._reached)):
            path = Path(line.partition(" ")[2])
            is_device = Path("/dev") in path.parents and not path.is_file()
            if not is_device and Path("/proc") not in path.parents:
                yield line

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
        yield from SHARED_MEMORY.glob(f"{self._memory}*")
        yield from SHARED_MEMORY.glob(f"sem.{self._memory}*")


def _of_a_reader() -> dict[str, str]:
    """Return of our environment what everybody has."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def finish(
    process: subprocess.Popen[str], mark: str, time_limit: float
) -> tuple[str, str, bool]:
    """Return what a program printed, its errors, and whether it had to be killed.

    Of what it prints too much of, only so much is returned that this can be seen.
    """
    pipes = process.stdout, process.stderr
    with ThreadPoolExecutor() as readers:
        texts = [readers.submit(_read, pipe, process.pid) for pipe in pipes if pipe]
        timed_out = bool(wait(texts, time_limit).not_done)
        if timed_out:
            # SIGABRT makes faulthandler print every stack, in the children as well.
            _signal_group(process.pid, signal.SIGABRT)
            wait(texts, GRACE)
            processes.kill(process.pid, mark)
        stdout, stderr = (text.result() for text in texts)
    process.wait()
    return stdout, stderr, timed_out


def _read(pipe: IO[str], leader: int) -> str:
    """Read what a program prints; kill it when that is more than anybody reads."""
    text = pipe.read(MOST_PRINTED + 1)
    if len(text) > MOST_PRINTED:
        _signal_group(leader, signal.SIGKILL)
    return text


def _signal_group(leader: int, number: int) -> None:
    """Signal every process of a group that there still is."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)


def surviving(leader: int, mark: str) -> Iterator[str]:
    """Name what is left of a run when its time of grace is over, and kill it."""
    deadline = time.monotonic() + GRACE
    while any(processes.members(leader, mark)):
        if time.monotonic() > deadline:
            yield from ["a process"] * processes.kill(leader, mark)
            return
        time.sleep(0.01)


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
