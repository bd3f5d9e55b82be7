"""Sets the start method in a program, and looks at its end for what is still open.

The runner puts a copy of this on the path as ``sitecustomize``, which Python imports
before a program, and before each process that it starts. The program is unchanged.
"""

import atexit
import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

START_METHOD, LEFTOVERS = "SNIPPETS_START_METHOD", "SNIPPETS_LEFTOVERS"


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
    if method := os.environ.get(START_METHOD):
        import multiprocessing  # noqa: PLC0415 - only if it is asked for

        multiprocessing.set_start_method(method, force=True)
    atexit.register(report)  # the first to be registered runs last


if __name__ == "sitecustomize":
    prepare()
