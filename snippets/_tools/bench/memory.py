"""Measure what memory one more task, thread, interpreter or process takes."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from snippets._tools.bench.workloads import UnavailableError, context, since_3_14
from snippets._tools.runs import processes

MANY = {"task": 10_000, "thread": 200}  # of others, so many
FEW = 5


def memory(kind: str) -> float:
    """Return the bytes that one more of a kind takes, while it waits.

    They are those of the proportional set size (``Pss``, proc_pid_smaps(5)) of this
    process and all that it has started: what several share counts once.

    Raises:
        UnavailableError: if the system does not tell that size, too.
    """
    if kind == "task":
        return asyncio.run(_memory_of_tasks(MANY[kind]))
    amount = MANY.get(kind, FEW)
    with ExitStack() as stack:
        keep = _keeper(kind, stack)
        keep()  # what the first one needs, all have
        before = used()
        for _ in range(amount):
            keep()
        return (used() - before) / amount


async def _memory_of_tasks(amount: int) -> float:
    end = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        before = used()
        for _ in range(amount):
            group.create_task(end.wait())
        await asyncio.sleep(0)  # all of them begin to wait
        after = used()
        end.set()
    return (after - before) / amount


def _keeper(kind: str, stack: ExitStack) -> Callable[[], object]:
    """Return a function that starts one more, and lets the stack end it."""
    if kind == "interpreter":
        create = since_3_14("concurrent.interpreters").create
        return lambda: stack.callback(create().close)
    if kind == "thread":
        return partial(_keep, threading.Thread, stack)
    return partial(_keep, context(kind).Process, stack)


def _keep(make: Any, stack: ExitStack) -> None:  # noqa: ANN401 - of a thread or of a process
    ours, theirs = multiprocessing.Pipe()
    worker = make(target=wait_for_word, args=[theirs])
    worker.start()
    stack.callback(worker.join)
    stack.callback(ours.send, None)
    ours.recv()


def wait_for_word(connection: "Connection[None, None]") -> None:
    """Say that it runs, and wait to be told to end."""
    connection.send(None)
    connection.recv()


def used() -> int:
    """Return the bytes that all processes of this process group use."""
    import psutil  # noqa: PLC0415 - only this workload needs it

    found = 0
    for process in processes.members(os.getpgrp(), ""):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            memory = process.memory_full_info()
            if not hasattr(memory, "pss"):
                message = "needs the proportional set size, which Linux alone has"
                raise UnavailableError(message)
            found += memory.pss
    return found
