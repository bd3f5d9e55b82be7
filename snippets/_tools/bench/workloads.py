"""What ``nox -s bench`` measures: each workload returns seconds, or bytes, of one run.

Each run has a process of its own: ``python -m snippets._tools.bench``.
"""

import asyncio
import importlib
import multiprocessing
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple, TypeVar

from snippets.cases import parallel_data, pickling_cost

T = TypeVar("T")
WAIT = 0.5  # seconds
NUMBERS = 1_000_000
TOTAL = NUMBERS * NUMBERS  # the sum of the first odd numbers
TRANSFORM = pickling_cost.transform
CHUNKS, WORKERS = 8, 2  # the article takes as many workers as chunks
METHODS = "fork", "forkserver", "spawn"


class UnavailableError(Exception):
    """A workload cannot be run on this Python or system; the text says why."""


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds that an action takes, and its result."""
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def mean(amount: int, action: Callable[[], object]) -> float:
    """Return the mean seconds of an action, which has been done once before."""
    action()
    return timed(lambda: [action() for _ in range(amount)])[0] / amount


def since_3_14(module: str) -> Any:  # noqa: ANN401 - what older ones do not have
    """Return a module of Python 3.14."""
    if sys.version_info < (3, 14):
        message = "needs Python 3.14"
        raise UnavailableError(message)
    return importlib.import_module(module)


@contextmanager
def warm_pool(model: str, workers: int) -> Iterator[Executor]:
    """Yield a pool of threads, processes or interpreters that have all started."""
    kinds: dict[str, Callable[[int], Executor]] = {
        "threads": ThreadPoolExecutor,
        "processes": ProcessPoolExecutor,
        "interpreters": lambda workers: since_3_14(
            "concurrent.futures"
        ).InterpreterPoolExecutor(workers),
    }
    with kinds[model](workers) as pool:
        for nap in [pool.submit(time.sleep, 0.1) for _ in range(workers)]:
            nap.result()
        yield pool


def computing(model: str, workers: int) -> float:
    """Return the seconds of the work of cases/parallel_data; the workers have started.

    Raises:
        UnavailableError: if this Python has no such workers; likewise below.
    """
    size, parts = parallel_data.SIZE, parallel_data.PARTS
    ranges = [range(1 + n, size, parts) for n in range(parts)]
    if model == "in sequence":
        return timed(lambda: list(map(longest, ranges)))[0]
    with warm_pool(model, workers) as pool:
        return timed(lambda: list(pool.map(longest, ranges)))[0]


def longest(numbers: range) -> tuple[int, int]:
    """Do the same as the program.

    A function that itself uses no global goes to an interpreter without its module, and
    the generator in the program's would miss ``steps`` there: 3.14.8 and 3.15.0 do so.
    """
    return parallel_data.longest(numbers)


def waiting(model: str, waits: int) -> float:
    """Return the seconds until so many waits of ``WAIT`` seconds at once are over."""
    if model == "threads":
        return timed(lambda: _wait_in_threads(waits))[0]
    return timed(lambda: asyncio.run(_wait_in_tasks(waits)))[0]


def _wait_in_threads(waits: int) -> None:
    threads = [threading.Thread(target=time.sleep, args=[WAIT]) for _ in range(waits)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def _wait_in_tasks(waits: int) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(waits):
            group.create_task(asyncio.sleep(WAIT))


def starting(kind: str) -> float:
    """Return the seconds to start one and see it end, after the first of them."""
    if kind == "task":
        return asyncio.run(_start_tasks(1000))
    if kind == "thread":
        return mean(200, lambda: _run(threading.Thread(target=nothing)))
    if kind == "interpreter":
        interpreters = since_3_14("concurrent.interpreters")
        return mean(10, lambda: interpreters.create().close())
    make = partial(context(kind).Process, target=nothing)
    return mean(5, lambda: _run(make()))


def nothing() -> None:
    """Do nothing, somewhere else."""


async def _start_tasks(amount: int) -> float:
    async def task() -> None:
        """Do nothing."""

    started = time.perf_counter()
    for _ in range(amount):
        await asyncio.create_task(task())
    return (time.perf_counter() - started) / amount


def _run(worker: threading.Thread | BaseProcess) -> None:
    worker.start()
    worker.join()


def context(kind: str) -> Any:  # noqa: ANN401 - a type for each start method
    """Return where to start a kind of process, such as ``process, fork``."""
    method = kind.removeprefix("process, ")
    if method not in multiprocessing.get_all_start_methods():
        message = f"this system has no {method}"
        raise UnavailableError(message)
    return multiprocessing.get_context(method)


class Channel(NamedTuple):
    """How to send a payload, to see it answered, and to end; and who receives."""

    send: Callable[[], object]
    answered: Callable[[], object]
    end: Callable[[], object]
    receiver: threading.Thread | BaseProcess


def handing_over(way: str, size: int) -> float:
    """Return the seconds until so many bytes are elsewhere, and it is known here."""
    channel = _channel(way, bytes(size))
    channel.receiver.start()
    trips = max(5, min(200, 20_000_000 // size))
    try:
        return mean(trips, lambda: (channel.send(), channel.answered()))
    finally:
        channel.end()
        channel.receiver.join()


def receive(get: Callable[[], bytes], answer: Callable[[None], object]) -> None:
    """Answer everything until nothing comes."""
    while get():
        answer(None)


def take(memory: SharedMemory, connection: "Connection[None, int]") -> bytes:
    """Return a copy of as many bytes as the other side says that there are."""
    assert memory.buf is not None  # it is not closed
    return bytes(memory.buf[: connection.recv()])


def _channel(way: str, payload: bytes) -> Channel:
    if way == "queue, to a thread":
        return _by_queue(payload, queue.Queue(), queue.Queue(), threading.Thread)
    if way == "queue":
        there: Any = multiprocessing.Queue()
        back: Any = multiprocessing.Queue()
        return _by_queue(payload, there, back, multiprocessing.Process)
    if way == "pipe":
        return _by_pipe(payload)
    return _by_memory(payload, SharedMemory(create=True, size=len(payload)))


def _by_queue(payload: bytes, there: Any, back: Any, kind: Any) -> Channel:  # noqa: ANN401 - of threads or of processes
    receiver = kind(target=receive, args=[there.get, back.put])
    send, end = partial(there.put, payload), partial(there.put, b"")
    return Channel(send, back.get, end, receiver)


def _by_pipe(payload: bytes) -> Channel:
    ours, theirs = multiprocessing.Pipe()
    receiver = multiprocessing.Process(
        target=receive, args=[theirs.recv_bytes, theirs.send]
    )
    send, end = partial(ours.send_bytes, payload), partial(ours.send_bytes, b"")
    return Channel(send, ours.recv, end, receiver)


def _by_memory(payload: bytes, memory: SharedMemory) -> Channel:
    ours, theirs = multiprocessing.Pipe()
    receiver = multiprocessing.Process(
        target=receive, args=[partial(take, memory, theirs), theirs.send]
    )

    def send() -> None:
        assert memory.buf is not None  # it is not closed
        memory.buf[: len(payload)] = payload
        ours.send(len(payload))

    def end() -> None:
        ours.send(0)
        memory.close()
        memory.unlink()

    return Channel(send, ours.recv, end, receiver)


def data(variant: str) -> float:
    """Return the seconds to make ``2 * n + 1`` of each of a million numbers.

    Raises:
        RuntimeError: if the sum of what was made is wrong.
    """
    time_taken, total = DATA[variant]()
    if total != TOTAL:
        message = f"{variant}: the sum is {total}, not {TOTAL}"
        raise RuntimeError(message)
    return time_taken


def _chunks() -> list[list[int]]:
    size = NUMBERS // CHUNKS
    return [list(range(n * size, n * size + size)) for n in range(CHUNKS)]


def _data_in_a_loop() -> tuple[float, int]:
    numbers = list(range(NUMBERS))
    time_taken, results = timed(lambda: TRANSFORM(numbers))
    return time_taken, sum(results)


def _data_in_chunks(model: str) -> tuple[float, int]:
    """Send lists to two workers that have started, and get lists back."""
    chunks = _chunks()
    with warm_pool(model, WORKERS) as pool:
        time_taken, results = timed(lambda: list(pool.map(TRANSFORM, chunks)))
    return time_taken, sum(map(sum, results))


def _data_as_in_the_article() -> tuple[float, int]:
    """Start eight workers for eight lists, make one list of theirs, and end them."""
    chunks = _chunks()

    def everything() -> list[int]:
        with multiprocessing.Pool(CHUNKS) as pool:
            results = pool.map(TRANSFORM, chunks)
        return [number for part in results for number in part]

    time_taken, results = timed(everything)
    return time_taken, sum(results)


def _data_by_ranges() -> tuple[float, int]:
    """Send ranges to two workers that have started, and get sums back."""
    ranges = [range(n, NUMBERS, CHUNKS) for n in range(CHUNKS)]
    with warm_pool("processes", WORKERS) as pool:
        time_taken, totals = timed(lambda: list(pool.map(transformed_sum, ranges)))
    return time_taken, sum(totals)


def transformed_sum(numbers: range) -> int:
    """Return the sum of what the others return one by one."""
    return sum(TRANSFORM(list(numbers)))


def _data_in_numpy() -> tuple[float, int]:
    numpy = importlib.import_module("numpy")
    array = numpy.arange(NUMBERS, dtype=numpy.int64)
    results = array * 2 + 1  # the first time prepares what NumPy needs for it
    time_taken, results = timed(lambda: array * 2 + 1)
    return time_taken, int(results.sum())


DATA: dict[str, Callable[[], tuple[float, int]]] = {
    "a loop": _data_in_a_loop,
    "threads": partial(_data_in_chunks, "threads"),
    "processes, lists sent": partial(_data_in_chunks, "processes"),
    "processes, as in the article": _data_as_in_the_article,
    "interpreters, lists sent": partial(_data_in_chunks, "interpreters"),
    "processes, ranges sent": _data_by_ranges,
    "NumPy": _data_in_numpy,
}
