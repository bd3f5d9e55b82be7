"""The processes of a run, whoever has started them: found by a mark they inherit.

A child of a child, one that left the session, and those that a forkserver has started
are no children of the process that was run; but all of them inherit its environment.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

MARK = "SNIPPETS_RUN"  # the variable that has the mark of a run


def new_mark() -> str:
    """Return a mark that no other run has."""
    return secrets.token_hex(8)


def members(leader: int, mark: str) -> "Iterator[psutil.Process]":
    """Yield the processes of a run that still run.

    They are those of the process group that ``leader`` leads, if the system has groups,
    and those that have inherited the mark. Another user's processes tell nothing, and
    one that was given an environment of its own and a group of its own is not found.
    """
    import psutil  # noqa: PLC0415 - programs are listed, shown and run without it

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:  # it runs no more
                continue
            if _is_in_group(process.pid, leader) or (
                process.environ().get(MARK) == mark
            ):
                yield process


def kill(leader: int, mark: str) -> int:
    """Kill the processes of a run that still run; return how many there were."""
    import psutil  # noqa: PLC0415 - likewise

    found = list(members(leader, mark))
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    return len(found)


def _is_in_group(pid: int, leader: int) -> bool:
    return hasattr(os, "getpgid") and os.getpgid(pid) == leader
