"""Writes down what the threads, processes and tasks of a program wait for, and when.

The runner puts a copy of this beside the ``observer``, which imports it first in every
process of a run that is traced. The program is unchanged; the functions that can make
it wait are wrapped as their modules are imported. Each event is
a line in a file of its own for each process, written at once, since a process may be
killed: nanoseconds of the monotonic clock, the thread, what happened, and details.
"""

import atexit
import functools
import itertools
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

FOLDER = "SNIPPETS_TRACE"  # as the observer has it

# What can make a program wait: the kind of it, and where it is.
WAITS = {
    "concurrent.futures._base": {
        "Future.result": "join",
        "Future.exception": "join",
        "wait": "join",
    },
    "multiprocessing.connection": {
        "Listener.accept": "io",
        "_ConnectionBase.recv": "io",
        "_ConnectionBase.recv_bytes": "io",
        "_ConnectionBase.send": "io",
        "_ConnectionBase.poll": "io",
        "wait": "io",
    },
    "multiprocessing.managers": {"BaseProxy._callmethod": "io"},
    "multiprocessing.pool": {"ApplyResult.wait": "join", "IMapIterator.next": "join"},
    "multiprocessing.process": {
        "BaseProcess.join": "join",
        "BaseProcess.start": "start",
    },
    "multiprocessing.queues": {
        "JoinableQueue.join": "join",
        "Queue.get": "queue",
        "Queue.put": "queue",
        "SimpleQueue.get": "queue",
    },
    "multiprocessing.synchronize": {"Condition.wait": "event", "Event.wait": "event"},
    "os": {"read": "io", "waitpid": "join"},
    "queue": {"Queue.get": "queue", "Queue.join": "join", "Queue.put": "queue"},
    "selectors": {"EpollSelector.select": "io", "_PollLikeSelector.select": "io"},
    "signal": {"pause": "event", "sigwait": "event"},
    "socket": {
        "socket.accept": "io",
        "socket.connect": "io",
        "socket.recv": "io",
        "socket.recv_into": "io",
        "socket.sendall": "io",
    },
    "subprocess": {"Popen.communicate": "join", "Popen.wait": "join"},
    "threading": {
        "Barrier.wait": "event",
        "Condition.wait": "event",
        "Event.wait": "event",
        "Semaphore.__enter__": "lock",
        "Semaphore.acquire": "lock",
        "Thread.join": "join",
    },
    "time": {"sleep": "sleep"},
}
# Who calls decides: a worker of a pool without a task is idle, as is a loop.
IDLE = {
    "asyncio.base_events",
    "concurrent.futures.process",
    "concurrent.futures.thread",
    "multiprocessing.pool",
}
# What a task awaits, by the first coroutine it is in that has a name here.
AWAITED = {
    "Barrier.wait": "event",
    "Condition.wait": "event",
    "Event.wait": "event",
    "Lock.acquire": "lock",
    "Queue.get": "queue",
    "Queue.join": "join",
    "Queue.put": "queue",
    "Semaphore.acquire": "lock",
    "TaskGroup.__aexit__": "join",
    "sleep": "sleep",
    "to_thread": "join",
    "wait": "join",
}

inside = threading.local()  # a wait within a wait is not told apart
serials: "weakref.WeakKeyDictionary[Any, int]" = weakref.WeakKeyDictionary()
numbers = itertools.count(1)
files: dict[str, int] = {}


def write(what: str, *details: object) -> None:
    """Write a line; a short one is written whole."""
    line = "\t".join(
        map(str, (time.monotonic_ns(), threading.get_native_id(), what, *details))
    )
    path = f"{os.environ[FOLDER]}/{os.getpid()}"
    if path not in files:  # a forked child needs its own; later there may be no room
        files[path] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(files[path], line.encode() + b"\n")


def waiting(function: Callable[P, R], kind: str) -> Callable[P, R]:
    """Wrap a function, so that its beginning and its end are written down."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        if getattr(inside, "a_wait", False):
            return function(*args, **kwargs)
        inside.a_wait = True
        write("wait", _kind(sys._getframe(1), kind))  # noqa: SLF001 - documented
        try:
            return function(*args, **kwargs)
        finally:
            inside.a_wait = False
            write("go")

    return wrapped


def _kind(caller: FrameType, kind: str) -> str:
    module = caller.f_globals.get("__name__")
    if module in IDLE and kind in {"io", "queue"}:
        return "idle"
    if module == "concurrent.futures._base":
        return "join"
    starts = module == "threading" and caller.f_code.co_name == "start"
    return "start" if starts else kind


class Lock:
    """A lock of ``threading`` that writes down when it makes somebody wait."""

    make: Callable[[], Any] = staticmethod(threading.Lock)

    def __init__(self) -> None:
        """Make the real one."""
        self._lock: Any = self.make()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as the real one
        """Take it; what it takes no wait for is not written down."""
        if self._lock.acquire(False):  # noqa: FBT003 - it has no keyword for it
            return True
        wait = waiting(self._lock.acquire, "lock")
        return bool(blocking and wait(True, timeout))  # noqa: FBT003 - likewise

    def __enter__(self) -> bool:
        """Take it."""
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._lock.release()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        """Be the real one in everything else."""
        return getattr(self._lock, name)

    def __reduce_ex__(self, protocol: Any) -> Any:  # noqa: ANN401 - it refuses
        """Refuse to be pickled, as the real one does."""
        return self._lock.__reduce_ex__(protocol)


class RLock(Lock):
    """The same for one that its owner may take again."""

    make = staticmethod(threading.RLock)


def watch_threading(module: ModuleType) -> None:
    """Let locks be watched, and threads say when they begin and end."""
    module.Lock, module.RLock = Lock, RLock  # type: ignore[attr-defined]
    bootstrap = module.Thread._bootstrap_inner  # noqa: SLF001 - no other place has it

    def bootstrap_told(self: threading.Thread) -> None:
        target = getattr(self, "_target", None) or type(self)
        write("thread", target.__module__, self.name)
        try:
            bootstrap(self)
        finally:
            write("over")

    module.Thread._bootstrap_inner = bootstrap_told  # noqa: SLF001 - likewise


def watch_queues(module: ModuleType) -> None:
    """Watch the queue that is written in C."""
    get = waiting(module.SimpleQueue.get, "queue")
    module.SimpleQueue = type("SimpleQueue", (module.SimpleQueue,), {"get": get})  # type: ignore[attr-defined]


def watch_processes(module: ModuleType) -> None:
    """Let processes say when they begin and end."""
    bootstrap = module.BaseProcess._bootstrap  # noqa: SLF001 - no other place has it

    def bootstrap_told(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        write("process", self.name)
        try:
            return bootstrap(self, *args, **kwargs)
        finally:
            write("over")

    module.BaseProcess._bootstrap = bootstrap_told  # noqa: SLF001 - likewise


def watch_semaphores(module: ModuleType) -> None:
    """Watch the locks between processes; each has its methods made for it."""
    make = module.SemLock._make_methods  # noqa: SLF001 - no other place makes them

    def make_watched(self: Any) -> None:  # noqa: ANN401 - any of its subclasses
        make(self)
        self.acquire = waiting(self.acquire, "lock")

    module.SemLock._make_methods = make_watched  # noqa: SLF001 - likewise
    module.SemLock.__enter__ = lambda self: self.acquire()


def watch_tasks(module: ModuleType) -> None:
    """Write down each step of a task, and what it awaits after it."""
    run = module.Handle._run  # noqa: SLF001 - every step of a task passes here

    def run_watched(self: Any) -> None:  # noqa: ANN401 - a handle
        task: Any = getattr(self._callback, "__self__", None)
        if not hasattr(task, "get_coro"):
            run(self)
            return
        serial = serials.setdefault(task, next(numbers))
        coroutine = task.get_coro()
        module = coroutine.cr_frame.f_globals.get("__name__")
        write("step", serial, module, coroutine.__qualname__, task.get_name())
        try:
            run(self)
        finally:
            write("awaits", serial, awaited(task))

    module.Handle._run = run_watched  # noqa: SLF001 - likewise


def awaited(task: Any) -> str:  # noqa: ANN401 - a task, before asyncio is imported
    """Return the kind of what a task awaits: that of the first known coroutine."""
    if task.done():
        return "end"
    coroutine = task.get_coro()
    while frame := getattr(coroutine, "cr_frame", None):
        module = frame.f_globals.get("__name__", "")
        if module.startswith(("aiohttp.", "asyncio.streams")):
            return "io"
        if module.startswith("asyncio.") and coroutine.__qualname__ in AWAITED:
            return AWAITED[coroutine.__qualname__]
        coroutine = coroutine.cr_await
    waiter = getattr(task, "_fut_waiter", None)
    another = hasattr(waiter, "get_coro") or hasattr(waiter, "_children")
    return "join" if another else "other"


def watch_printing(module: ModuleType) -> None:
    """Write down what is printed, as it is the moments that a page speaks of."""
    show = module.print

    @functools.wraps(show)
    def print_watched(*values: object, **kwargs: Any) -> None:  # noqa: ANN401
        show(*values, **kwargs)
        text = str(kwargs.get("sep") or " ").join(map(str, values))
        write("print", *text.splitlines()[:1])

    module.print = print_watched  # type: ignore[attr-defined]


SPECIAL = {
    "asyncio.events": watch_tasks,
    "builtins": watch_printing,
    "multiprocessing.process": watch_processes,
    "multiprocessing.synchronize": watch_semaphores,
    "queue": watch_queues,
    "threading": watch_threading,
}


def watch(module: ModuleType) -> None:
    """Wrap what can make a program wait in a module that has just been imported."""
    for name, kind in WAITS.get(module.__name__, {}).items():
        owner: Any = module
        *path, last = name.split(".")
        for part in path:
            owner = getattr(owner, part)
        if hasattr(owner, last):
            setattr(owner, last, waiting(getattr(owner, last), kind))
    if special := SPECIAL.get(module.__name__):
        special(module)


def until_main(frame: FrameType, event: str, _: object) -> None:
    """Write down when the program's main() begins, and look no further."""
    code = frame.f_code
    module = frame.f_globals.get("__name__")
    if (event, code.co_name, module) == ("call", "main", "__main__"):
        sys.setprofile(None)
        write("main")


def prepare(
    when_imported: Callable[[str, Callable[[ModuleType], None]], None],
) -> None:
    """Begin to watch; what is given calls a function with a module when it is there."""
    os.register_at_fork(after_in_child=lambda: setattr(inside, "a_wait", False))
    for name in {*WAITS, *SPECIAL}:
        when_imported(name, watch)
    if not {"--multiprocessing-fork", "-c"} & set(sys.orig_argv):
        atexit.register(write, "end")
        sys.setprofile(until_main)
