"""Record what each thread, process and task of a program does in a run of it.

Two witnesses are heard. The kernel tells how long each thread was on a core, and how
long it stood in line for one: it is asked about every millisecond, from outside. The
program tells what it waits for: see ``watcher``. A thread that waits for nothing it
knows of, and is on no core while another thread of its process is, waits for the GIL.
"""

import contextlib
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.runs import output, processes, runner

INTERVAL = 0.0007  # seconds between two looks at every thread
NEW_PROCESSES = 0.01  # seconds between two looks for processes that are new
# Nanoseconds on a core and in line for one: the kernel's sched-stats.rst tells.
SCHEDSTAT = Path("/proc/self/schedstat")

Thread = tuple[int, int]  # the numbers of a process and of a thread in it


class Look(NamedTuple):
    """What the kernel tells of a thread: when; nanoseconds on a core and in line."""

    at: int
    on_core: int
    in_line: int


class Event(NamedTuple):
    """A line of what the program tells: when, who, what, and details."""

    at: int
    thread: Thread
    what: str
    details: tuple[str, ...]


@dataclass
class Witnessed:
    """All that is known of a run; ``leader`` is its first process."""

    leader: int
    looks: dict[Thread, list[Look]] = field(default_factory=lambda: defaultdict(list))
    events: list[Event] = field(default_factory=list)


def witness(program: Program, server: str | None) -> Witnessed:
    """Run a program as a reader would, and watch it.

    Raises:
        CatalogueError: if the system keeps no account of threads, if the program fails,
            or if it prints something else than is recorded.
    """
    if not SCHEDSTAT.exists():
        message = (
            f"there is no {SCHEDSTAT} here, which tells when a thread was on a core: "
            "record timelines on a Linux that has it"
        )
        raise CatalogueError(message)
    with runner.started(program, None, server, traced=True) as (process, scratch):
        seen = Witnessed(process.pid)
        _look_on(seen, process, scratch.mark)
        stdout, stderr, _ = runner.finish(process, scratch.mark, runner.GRACE)
        seen.events = sorted(told(scratch.trace))
    recorded = program.output.read_text(encoding="utf-8")
    said = stderr or output.difference(recorded, stdout, program.comparison)
    if process.returncode or said:
        message = f"{program.where}:1: does something else when it is watched:\n{said}"
        raise CatalogueError(message)
    return seen


def _look_on(seen: Witnessed, process: subprocess.Popen[str], mark: str) -> None:
    """Ask the kernel about every thread of a run until its leader ends."""
    deadline = time.monotonic() + runner.TIME_LIMIT
    next_search, pids = 0.0, {process.pid}
    while process.poll() is None and time.monotonic() < deadline:
        if time.monotonic() > next_search:
            pids = {member.pid for member in processes.members(process.pid, mark)}
            next_search = time.monotonic() + NEW_PROCESSES
        for pid in pids:
            for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with contextlib.suppress(OSError):  # it has just ended
                    on_core, in_line = map(int, path.read_bytes().split()[:2])
                    thread = pid, int(path.parent.name)
                    look = Look(time.monotonic_ns(), on_core, in_line)
                    seen.looks[thread].append(look)
        time.sleep(INTERVAL)


def told(folder: Path) -> Iterator[Event]:
    """Yield what the processes have written down; a killed one may have cut a line."""
    for path in folder.iterdir():
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                at, thread, what, *details = line.rstrip("\n").split("\t")
                key = int(path.name), int(thread)
                yield Event(int(at), key, what, tuple(details))
