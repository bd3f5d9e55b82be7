"""Looks on from within a program: what it imports, opens, and has not ended.

The runner puts a copy of this on the path as ``sitecustomize``, which Python imports
before a program, and before each process that it starts. The program is unchanged.
"""

import atexit
import contextlib
import gc
import os
import stat
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import (
    BuiltinImporter,
    FrozenImporter,
    ModuleSpec,
    PathFinder,
)
from pathlib import Path
from types import ModuleType
from typing import Any

Change = Callable[[ModuleType], None]

START_METHOD = "SNIPPETS_START_METHOD"
MEMORY = "SNIPPETS_MEMORY"  # how the names of shared memory and semaphores begin
DECLARED = "SNIPPETS_DECLARED"  # the packages to import, with spaces between them
FOLDER = "SNIPPETS_FOLDER"  # of the run: there it may do as it likes
PROJECT = "SNIPPETS_PROJECT"  # of that it may read nothing
REACHED = "SNIPPETS_REACHED"  # the file to tell at once what it opened elsewhere
LEFTOVERS = "SNIPPETS_LEFTOVERS"  # the file to tell in the end what it has not ended
LEADER = "SNIPPETS_LEADER"  # the process that is the program itself
TRACE = "SNIPPETS_TRACE"  # the folder for what the watcher tells, if there is one
WATCHER = "snippets_watcher"  # the name of its copy

DESCRIPTORS = Path("/dev/fd")  # what a process has open, on POSIX systems
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which arguments of an event are paths that it changes:
# https://docs.python.org/3/library/audit_events.html
CHANGES = {
    "os.link": slice(1, 2),
    "os.mkdir": slice(1),
    "os.remove": slice(1),
    "os.rename": slice(2),
    "os.rmdir": slice(1),
    "os.symlink": slice(1, 2),
    "os.truncate": slice(1),
    "socket.bind": slice(1, 2),
    "sqlite3.connect": slice(1),
}
LISTS = {"os.listdir", "os.scandir"}
# What a pool has while nobody has shut it down.
POOLS: dict[str, tuple[str, str, object]] = {
    "concurrent.futures.thread": ("ThreadPoolExecutor", "_shutdown", False),
    "concurrent.futures.process": ("ProcessPoolExecutor", "_shutdown_thread", False),
    "multiprocessing.pool": ("Pool", "_state", "RUN"),
}

noticed: list[str] = []  # what the program was not told to end, and was ended


class Importing(MetaPathFinder):
    """Changes modules as they are imported, and hides what the program may not have.

    Of what is installed it finds only what is declared; others do not look there.
    """

    def __init__(self) -> None:
        """Take what is installed off the path, and leave the standard library there."""
        self._changes: dict[str, list[Change]] = defaultdict(list)
        self._declared = os.environ[DECLARED].split()
        kept = {str(Path(os.__file__).parent), str(Path(__file__).parent)}
        self._installed = [
            entry
            for entry in sys.path
            if entry not in kept and not entry.endswith((".zip", "lib-dynload"))
        ]
        sys.path[:] = [entry for entry in sys.path if entry not in self._installed]

    def when_imported(self, name: str, change: Change) -> None:
        """Change a module when it has been imported, which may be now."""
        if name in sys.modules:
            change(sys.modules[name])
        self._changes[name].append(change)

    def find_spec(
        self, name: str, path: Sequence[str] | None, _: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that is declared or is to be changed."""
        if path is None and name in self._declared:
            return PathFinder.find_spec(name, [*sys.path, *self._installed])
        changes = self._changes.get(name)
        if not changes:
            return None
        spec = PathFinder.find_spec(name, path)
        assert spec is not None
        assert spec.loader is not None
        load = spec.loader.exec_module

        def load_and_change(module: ModuleType) -> None:
            load(module)
            for change in changes:
                change(module)

        spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec

    def find_distributions(self, context: Any) -> Any:  # noqa: ANN401 - as metadata has it
        """Find the metadata of what is installed, which packages read of themselves."""
        metadata = import_module("importlib.metadata")
        found = metadata.DistributionFinder.Context(
            name=context.name, path=self._installed
        )
        return metadata.MetadataPathFinder.find_distributions(found)


def name_semaphores(process: ModuleType) -> None:
    """Name those of this process; those that it starts take over the name.

    Whose it is that somebody has left behind cannot be told otherwise.
    """
    process.current_process()._config["semprefix"] = f"/{os.environ[MEMORY]}"  # noqa: SLF001


def name_memory(shared_memory: ModuleType) -> None:
    """Name what this process makes."""
    shared_memory._SHM_NAME_PREFIX = f"/{os.environ[MEMORY]}"  # type: ignore[attr-defined]  # noqa: SLF001


def is_not_shut(pool: object, attribute: str, value: object) -> bool:
    """Tell whether a pool still takes work; one that failed to start has no state."""
    return bool(getattr(pool, attribute, None) == value)


def watch_pool(module: ModuleType) -> None:
    """Notice a pool that is thrown away instead of shut down."""
    name, attribute, value = POOLS[module.__name__]

    def look(pool: object) -> None:
        if is_not_shut(pool, attribute, value):
            noticed.append(_never_shut(pool))

    getattr(module, name).__del__ = look


def _never_shut(pool: object) -> str:
    return f"a {type(pool).__name__} that was never shut down: use it in a with block"


def watch_end(threading: ModuleType) -> None:
    """Look at the threads and pools that there are when the main thread is at its end.

    Python calls ``_shutdown`` then, to wait for threads that nobody has joined.
    """
    shutdown = threading._shutdown  # noqa: SLF001 - no other place comes in time

    def look_and_shut_down() -> None:
        noticed.extend(still_running(threading))
        shutdown()

    threading._shutdown = look_and_shut_down  # type: ignore[attr-defined]  # noqa: SLF001 - likewise


def still_running(threading: ModuleType) -> Iterator[str]:
    """Name the threads that main() has not waited for, and the pools still at work."""
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            yield f"the thread {thread.name}, which main() did not join"
    for module, (name, attribute, value) in POOLS.items():
        if module in sys.modules:
            kind = getattr(sys.modules[module], name)
            for item in gc.get_objects():
                if isinstance(item, kind) and is_not_shut(item, attribute, value):
                    yield _never_shut(item)


def watch_runners(runners: ModuleType) -> None:
    """Notice the tasks that ``asyncio.run`` has to cancel, unless its main() fails.

    The author may have cancelled one already, which has not come to its end yet.
    """
    cancel = runners._cancel_all_tasks  # noqa: SLF001 - every Runner calls it to close

    def look_and_cancel(loop: object) -> None:
        if sys.exc_info()[0] is None:
            tasks = runners.tasks.all_tasks(loop)
            noticed.extend(
                f"the task {task.get_name()}, which asyncio.run() had to cancel"
                for task in tasks
                if not task.cancelling()
            )
        cancel(loop)

    runners._cancel_all_tasks = look_and_cancel  # type: ignore[attr-defined]  # noqa: SLF001 - likewise


CHANGED: dict[str, Change] = {
    "asyncio.runners": watch_runners,
    "multiprocessing.process": name_semaphores,
    "multiprocessing.shared_memory": name_memory,
    "threading": watch_end,
    "concurrent.futures.process": watch_pool,
    "concurrent.futures.thread": watch_pool,
}


class Files:
    """Tells of files that are opened where the program has no business.

    That is anything to write, and of the project anything to read, but for what the
    Python that runs the program needs. It tells at once: a process may be killed.
    """

    def __init__(self) -> None:
        """Keep what is needed when the interpreter takes itself apart, too."""
        self._own, self._project, *self._python = (
            os.path.realpath(folder) + os.sep
            for folder in (
                *(os.environ[FOLDER], os.environ[PROJECT]),
                *(sys.prefix, sys.base_prefix),
            )
        )
        self._reached = os.environ[REACHED]
        self._told: set[str] = set()
        self._is_ending = sys.is_finalizing

    def look(self, event: str, arguments: Sequence[Any]) -> None:
        """Judge an event of the interpreter: an audit hook."""
        if self._is_ending():
            return
        if event == "open":
            self._judge(arguments[:1], writes=bool(arguments[2] & WRITING))
        elif event in CHANGES:
            self._judge(arguments[CHANGES[event]], writes=True)
        elif event in LISTS:
            self._judge(arguments[:1], writes=False)

    def _judge(self, paths: Sequence[Any], *, writes: bool) -> None:
        for path in paths:
            if not isinstance(path, str | bytes | os.PathLike):
                continue  # a number of one that is open, or an address
            name = os.fsdecode(path)
            if not name or name.startswith("\0") or name == ":memory:":
                continue  # it is in memory, not among the files
            real = os.path.realpath(name) + os.sep
            ours = real.startswith(self._project) and not self._is_python(real)
            if (writes or ours) and not real.startswith(self._own):
                self._tell(f"{'wrote' if writes else 'read'} {real.rstrip(os.sep)}")

    def _is_python(self, path: str) -> bool:
        return path.startswith(tuple(self._python))

    def _tell(self, line: str) -> None:
        if "__pycache__" in line or line in self._told:  # Python itself writes there
            return
        self._told.add(line)
        file = os.open(self._reached, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{line}\n".encode())
        os.close(file)


def still_open() -> Iterator[str]:
    """Name the threads, tasks and sockets that there still are."""
    if threading := sys.modules.get("threading"):
        main = threading.main_thread()
        yield from (
            f"the thread {thread.name}"
            for thread in threading.enumerate()
            if thread is not main
        )
    if asyncio := sys.modules.get("asyncio"):
        tasks = [item for item in gc.get_objects() if isinstance(item, asyncio.Task)]
        yield from (f"the task {t.get_name()}" for t in tasks if not t.done())
    for descriptor in DESCRIPTORS.glob("*"):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(descriptor.name)).st_mode):
                yield "an open socket"


def report() -> None:
    """Write what is still open when the program ends, not when a child of it does."""
    if os.environ[LEADER] == str(os.getpid()):
        lines = [*noticed, *still_open()]
        Path(os.environ[LEFTOVERS]).write_text("\n".join(lines), encoding="utf-8")


def prepare() -> None:
    """Do what the runner asks for in the environment."""
    os.environ.setdefault(LEADER, str(os.getpid()))
    importing = Importing()
    # And none of the finders that packages have put there.
    sys.meta_path[:] = [importing, BuiltinImporter, FrozenImporter, PathFinder]
    sys.addaudithook(Files().look)
    for name, change in CHANGED.items():
        importing.when_imported(name, change)
    if TRACE in os.environ:
        import_module(WATCHER).prepare(importing.when_imported)
    if method := os.environ.get(START_METHOD):
        import_module("multiprocessing").set_start_method(method, force=True)
    atexit.register(report)  # the first to be registered runs last


if __name__ == "sitecustomize":
    prepare()
