"""Sets the start method in a program, names its shared memory, and looks at its end.

The runner puts a copy of this on the path as ``sitecustomize``, which Python imports
before a program, and before each process that it starts. The program is unchanged.
"""

import atexit
import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

START_METHOD, LEFTOVERS = "SNIPPETS_START_METHOD", "SNIPPETS_LEFTOVERS"
MEMORY = "SNIPPETS_MEMORY"  # how the names of shared memory and semaphores begin


class Naming(MetaPathFinder):
    """Names the shared memory of a run, as its modules are imported.

    Whose it is that somebody has left behind cannot be told otherwise.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, _: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that makes names, and let it make ours."""
        change = {
            "multiprocessing.process": name_semaphores,
            "multiprocessing.shared_memory": name_memory,
        }.get(name)
        if not change:
            return None
        spec = PathFinder.find_spec(name, path)
        assert spec is not None
        assert spec.loader is not None
        load = spec.loader.exec_module

        def load_and_change(module: ModuleType) -> None:
            load(module)
            change(module)

        spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec


def name_semaphores(process: ModuleType) -> None:
    """Name those of this process; those that it starts take over the name."""
    process.current_process()._config["semprefix"] = f"/{os.environ[MEMORY]}"  # noqa: SLF001


def name_memory(shared_memory: ModuleType) -> None:
    """Name what this process makes."""
    shared_memory._SHM_NAME_PREFIX = f"/{os.environ[MEMORY]}"  # type: ignore[attr-defined]  # noqa: SLF001


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
    for descriptor in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            if str(descriptor.readlink()).startswith("socket:"):
                yield "an open socket"


def report() -> None:
    """Write what is still open when the program ends, not when a child of it does."""
    if not {"--multiprocessing-fork", "-c"} & set(sys.orig_argv):
        Path(os.environ[LEFTOVERS]).write_text("\n".join(still_open()))


def prepare() -> None:
    """Do what the runner asks for in the environment."""
    sys.meta_path.insert(0, Naming())
    if method := os.environ.get(START_METHOD):
        import multiprocessing  # noqa: PLC0415 - only if it is asked for

        multiprocessing.set_start_method(method, force=True)
    atexit.register(report)  # the first to be registered runs last


if __name__ == "sitecustomize":
    prepare()
