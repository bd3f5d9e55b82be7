"""What the programs of chapter 3 claim."""

import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

from snippets.processes import (
    broken_pool,
    join_before_drain,
    manager_dict,
    missing_guard,
    pickling,
    pool_sum,
    shared_array,
    silent_pool,
    start_methods,
    task_queues,
    told_to_end,
    two_way_pipe,
)

TIMEOUT = 20.0  # seconds; only a broken program waits that long


class TestPoolSum:
    """Nothing is lost between the chunks."""

    @pytest.mark.parametrize("size", [0, 1, 7, 8, 1000])
    @pytest.mark.parametrize("parts", [1, 3, 8])
    def test_chunks_hold_every_number_once(self, size: int, parts: int) -> None:
        chunks = pool_sum.chunks(size, parts)
        assert [number for chunk in chunks for number in chunk] == list(range(size))
        assert len(chunks) == parts
        assert max(map(len, chunks)) - min(map(len, chunks)) <= 1

    @pytest.mark.parametrize("size", [1, 5, 1001])
    def test_the_closed_form_is_the_sum(self, size: int) -> None:
        assert pool_sum.closed_form(size) == sum(n * n for n in range(size))

    @pytest.mark.parametrize("size", [10, 1003])
    def test_both_pools_agree_with_it(self, size: int) -> None:
        assert pool_sum.in_a_pool(size) == pool_sum.closed_form(size)
        assert pool_sum.in_an_executor(size) == pool_sum.closed_form(size)

    @pytest.mark.parametrize("way", [pool_sum.in_a_pool, pool_sum.in_an_executor])
    def test_the_work_is_done_elsewhere(
        self, way: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool_sum, "sum_of_squares", whose_process)
        processes = way(4) / pool_sum.PARTS
        assert processes != os.getpid()

    def test_a_worker_leaves_the_end_to_the_parent(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_to: dict[int, object] = {}
        monkeypatch.setattr("signal.signal", set_to.__setitem__)
        pool_sum.leave_the_end_to_the_parent()
        assert set_to == {
            signal.SIGINT: signal.SIG_IGN,
            signal.SIGTERM: signal.SIG_DFL,
        }

    @pytest.mark.parametrize(
        ("number", "handler"),
        [(signal.SIGINT, signal.SIG_IGN), (signal.SIGTERM, signal.SIG_DFL)],
    )
    def test_the_pool_prepares_its_workers(
        self,
        number: signal.Signals,
        handler: signal.Handlers,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(pool_sum, "sum_of_squares", HandlerOf(number))
        assert pool_sum.in_a_pool(4) == pool_sum.PARTS * handler

    def test_no_worker_is_terminated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("multiprocessing.process.BaseProcess.terminate", None)
        assert pool_sum.in_a_pool(4) == 14

    def test_the_size_does_not_divide_evenly(self) -> None:
        assert pool_sum.SIZE % pool_sum.PARTS != 0


@dataclass
class HandlerOf:
    """Return what a signal does in this process."""

    number: signal.Signals

    def __call__(self, _: range) -> int:
        """Return it as a number, which can be added."""
        handler = signal.getsignal(self.number)
        return handler if isinstance(handler, signal.Handlers) else 1000


def whose_process(_: range) -> int:
    """Return the number of the process that does this."""
    return os.getpid()


class TestMissingGuard:
    """The guard is what makes the difference."""

    def test_only_the_guard_differs(self) -> None:
        without, guarded = missing_guard.WITHOUT_GUARD, missing_guard.WITH_GUARD
        assert without != guarded
        assert guarded.replace('if __name__ == "__main__": ', "") == without

    def test_without_it_no_child_runs(self) -> None:
        output, errors = missing_guard.run(missing_guard.WITHOUT_GUARD)
        assert output == ""
        assert "bootstrapping phase." in missing_guard.first_sentence(errors)

    def test_with_it_the_child_runs(self) -> None:
        assert missing_guard.run(missing_guard.WITH_GUARD) == (
            "hello from the child\n",
            "",
        )


class TestStartMethods:
    """A forked child has its parent's memory, any other imports anew."""

    @pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
    def test_what_the_child_sees(
        self, method: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(start_methods.SETTINGS, "mode", "changed by the test")
        changed = method == "fork"
        expected = "changed by the test" if changed else "as imported"
        assert start_methods.seen_by_a_child(method) == expected

    def test_the_child_sends_what_it_finds(self) -> None:
        here, there = multiprocessing.Pipe(duplex=False)
        start_methods.look(there)
        assert here.recv() == start_methods.SETTINGS["mode"]
        assert there.closed
        here.close()

    def test_a_child_is_joined_although_it_does_not_answer(
        self, unjoined: set[object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ends: list[Connection] = []
        context: Any = multiprocessing.get_context("spawn")
        pipe = context.Pipe

        def remember(*, duplex: bool) -> list[Connection]:
            ends.extend(pipe(duplex))
            assert not ends[0].writable
            return ends

        monkeypatch.setattr(context, "Pipe", remember)
        monkeypatch.setattr(Connection, "poll", lambda *_, **__: False)
        assert start_methods.seen_by_a_child("spawn") == "no answer"
        assert [end.closed for end in ends] == [True, True]
        assert not unjoined

    def test_the_program_tries_each_method(
        self,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setitem(start_methods.SETTINGS, "mode", "as imported")
        start_methods.main()
        tried = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
        assert tried == sorted(multiprocessing.get_all_start_methods())


class TestPickling:
    """What can be sent arrives as it was."""

    def test_what_can_be_sent_arrives(self) -> None:
        order = pickling.Order(7)
        assert pickling.can_be_sent(order)
        assert pickle.loads(pickle.dumps(order)) == order
        assert pickling.can_be_sent(pickling.top_level)
        pickling.top_level()

    def test_what_cannot_be_sent(self) -> None:
        pickling.make_nested()()
        things: list[object] = [pickling.make_nested(), lambda: 0, threading.Lock()]
        assert [pickling.can_be_sent(thing) for thing in things] == [False] * 3

    def test_what_is_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tried: list[Any] = []
        monkeypatch.setattr(pickling, "can_be_sent", tried.append)
        pickling.main()
        numbers, order, _, _, zero, pair, _ = tried
        assert (numbers, order, zero()) == ([1, 2, 3], pickling.Order(7), 0)
        assert list(pair) == [1, 2]

    def test_the_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        pickling.main()
        lines = capsys.readouterr().out.splitlines()
        assert [line.endswith("can be sent") for line in lines] == [True] * 3 + [
            False
        ] * 4


class TestDeadWorkers:
    """An executor says that a worker died, a Pool does not."""

    @pytest.mark.parametrize("program", [broken_pool, silent_pool])
    def test_only_three_is_deadly(
        self, program: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class DiedError(BaseException):
            """Instead of the end of this process."""

        def die(status: int) -> None:
            assert status == 1
            raise DiedError

        monkeypatch.setattr("os._exit", die)
        assert [program.work(number) for number in (2, 4)] == [4, 16]
        with pytest.raises(DiedError):
            program.work(3)


class TestToldToEnd:
    """SIGTERM leaves the blocks by an exception, and the pool ends its worker."""

    @pytest.fixture(autouse=True)
    def handler(self) -> Iterator[None]:
        """Set the handler as the program does below its guard, and put back ours."""
        both = signal.SIGINT, signal.SIGTERM
        before = [signal.signal(number, told_to_end.stop) for number in both]
        yield
        for number, handler in zip(both, before, strict=True):
            signal.signal(number, handler)

    def test_only_the_first_signal_counts(self) -> None:
        with pytest.raises(SystemExit, match=str(128 + signal.SIGINT)):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    @pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
    def test_the_worker_is_gone_and_the_rest_not_reached(
        self,
        method: str,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        context = multiprocessing.get_context(method)
        monkeypatch.setattr(
            told_to_end,
            "ProcessPoolExecutor",
            lambda workers: ProcessPoolExecutor(workers, mp_context=context),
        )
        told_to_end.main()
        assert capsys.readouterr().out.splitlines() == [
            "children at work: 1",
            f"told to end, with status {128 + signal.SIGTERM}",
            "children left: 0",
        ]

    def test_without_the_signal_the_block_goes_on(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("signal.raise_signal", lambda _: None)
        told_to_end.main()
        assert capsys.readouterr().out.splitlines()[1:] == [
            "not reached",
            "children left: 0",
        ]


class TestTaskQueues:
    """Every task is answered, a failure by its exception."""

    def test_every_task_is_answered(self) -> None:
        orders = [str(number) for number in range(200)]
        outcomes = task_queues.handle_all([*orders, "x"], workers=3)
        error = outcomes.pop("x")
        assert isinstance(error, ValueError)
        assert outcomes == {order: 2 * int(order) for order in orders}

    def test_a_failure_has_the_traceback_of_its_worker(self) -> None:
        error = task_queues.handle_all(["x"], workers=1)["x"]
        assert isinstance(error, ValueError)
        head, first, *rest = error.__notes__[0].splitlines()
        assert head == "Traceback (most recent call last):"
        assert first.startswith("  File ")
        assert any(line.endswith("in handle") for line in rest)

    def test_every_worker_is_joined(self, unjoined: set[object]) -> None:
        task_queues.handle_all(["1"], workers=3)
        assert not [worker for worker in unjoined if isinstance(worker, BaseProcess)]

    def test_a_worker_survives_failures_and_ends_at_the_sentinel(self) -> None:
        tasks: queue.Queue[str | None] = queue.Queue()
        outcomes: queue.Queue[task_queues.Outcome] = queue.Queue()
        for order in ("x", "y", "4", None, "5"):
            tasks.put(order)
        task_queues.worker(tasks, outcomes)  # type: ignore[arg-type]  # same methods
        names = [outcomes.get()[0] for _ in range(outcomes.qsize())]
        assert names == ["x", "y", "4"]
        assert tasks.qsize() == 1

    def test_large_outcomes_do_not_block_the_end(self) -> None:
        orders = [str(number).zfill(4000) for number in range(100)]
        outcomes = task_queues.handle_all(orders, workers=2)
        assert list(map(outcomes.get, orders)) == [2 * n for n in range(100)]

    def test_the_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        handle_all = mock.Mock(wraps=task_queues.handle_all)
        monkeypatch.setattr(task_queues, "handle_all", handle_all)
        task_queues.main()
        handle_all.assert_called_once_with(["1", "2", "three", "4"], 2)


class TestPassingData:
    """Queue, pipe, manager and shared memory."""

    def test_a_large_result_keeps_its_process_alive(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        join_before_drain.main()
        first, took, then = capsys.readouterr().out.splitlines()
        assert first == "joined first: the child still lives"
        assert took == "took 1000000 bytes"
        assert then == "joined then: the child ended"

    def test_a_small_result_lets_it_end(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limits: list[float] = []
        join = multiprocessing.Process.join

        def join_in_peace(child: multiprocessing.Process, timeout: float) -> None:
            limits.append(timeout)
            join(child, TIMEOUT)

        monkeypatch.setattr(join_before_drain, "produce", produce_little)
        monkeypatch.setattr(multiprocessing.Process, "join", join_in_peace)
        join_before_drain.main()
        assert limits == [0.5, 20]
        first, took, _ = capsys.readouterr().out.splitlines()
        assert first == "joined first: the child ended"
        assert took == "took 6 bytes"

    def test_the_child_does_not_outlive_a_failure(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: multiprocessing.Process) -> str:
            raise LookupError

        monkeypatch.setattr(join_before_drain, "state", fail)
        with pytest.raises(LookupError):
            join_before_drain.main()
        for child in multiprocessing.active_children():
            child.join(TIMEOUT)
            assert child.exitcode == -signal.SIGKILL

    def test_the_result_is_larger_than_a_pipe(self) -> None:
        results: queue.Queue[bytes] = queue.Queue()
        join_before_drain.produce(results)  # type: ignore[arg-type]  # same methods
        assert len(results.get()) > 65_536  # what a pipe holds on Linux

    def test_questions_are_answered_until_none(self) -> None:
        here, there = multiprocessing.Pipe()
        for question in ("ab", "", None):
            here.send(question)
        two_way_pipe.answer(there)
        assert (here.recv(), here.recv()) == (2, 0)
        assert there.closed
        here.close()

    def test_a_silent_child_is_told_to_end_as_well(
        self,
        unjoined: set[object],
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        ends: list[Connection] = []
        pipe = multiprocessing.Pipe

        def remember() -> tuple[Connection, Connection]:
            ends.extend(pipe())
            return ends[0], ends[1]

        monkeypatch.setattr("multiprocessing.Pipe", remember)
        monkeypatch.setattr(Connection, "poll", lambda *_, **__: False)
        two_way_pipe.main()
        assert capsys.readouterr().out == "fork no answer\nforkserver no answer\n"
        assert [end.closed for end in ends] == [True, True]
        assert not unjoined

    def test_counting_holds_the_lock(self) -> None:
        lock = threading.Lock()

        class Watched(dict[str, int]):
            """Notices when it is used without the lock."""

            def get(self, key: str, default: int = 0) -> int:  # type: ignore[override]
                assert lock.locked()
                return super().get(key, default)

            def __setitem__(self, key: str, value: int) -> None:
                assert lock.locked()
                super().__setitem__(key, value)

        counts = Watched()
        manager_dict.count(["a", "b", "a"], counts, lock)  # type: ignore[arg-type]
        assert counts == {"a": 2, "b": 1}
        assert not lock.locked()

    def test_a_worker_that_fails_is_noticed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(manager_dict, "count", exit_with_an_error)
        message = r"a worker failed, some words are not counted$"
        with pytest.raises(RuntimeError, match=message):
            manager_dict.count_all(["spam"], workers=2)


class TestSharedArray:
    """Workers write in place, and the memory is gone in the end."""

    @pytest.fixture
    def blocks(self, monkeypatch: pytest.MonkeyPatch) -> list[SharedMemory]:
        """Return the blocks of shared memory that the program makes or opens."""
        made: list[SharedMemory] = []

        def remember(
            name: str | None = None, *, create: bool = False, size: int = 0
        ) -> SharedMemory:
            block = SharedMemory(name, create, size)
            made.append(block)
            return block

        monkeypatch.setattr(shared_array, "SharedMemory", remember)
        return made

    def test_the_sum_is_right_and_the_memory_gone(
        self, blocks: list[SharedMemory]
    ) -> None:
        size = shared_array.SIZE
        assert shared_array.total(3) == pool_sum.closed_form(size)
        assert_gone(blocks[0])

    def test_a_failure_leaves_no_memory_behind(
        self, blocks: list[SharedMemory], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shared_array, "fill", exit_with_an_error)
        with pytest.raises(
            RuntimeError, match=r"a worker failed, the array is not complete$"
        ):
            shared_array.total(2)
        assert_gone(blocks[0])

    def test_a_worker_fills_its_part_and_closes(
        self, blocks: list[SharedMemory]
    ) -> None:
        memory = SharedMemory(create=True, size=shared_array.SIZE * shared_array.ITEM)
        try:
            shared_array.fill(memory.name, 2, 5)
            with shared_array.as_array(memory) as array:
                assert list(array[:6]) == [0, 0, 4, 9, 16, 0]
            assert blocks[0].buf is None
        finally:
            memory.close()
            memory.unlink()


def produce_little(results: "multiprocessing.queues.Queue[bytes]") -> None:
    """Put a result that a pipe holds."""
    results.put(b"little")


def test_the_array_has_two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    total = mock.Mock(return_value=0)
    monkeypatch.setattr(shared_array, "total", total)
    shared_array.main()
    total.assert_called_once_with(workers=2)


def exit_with_an_error(*_: object) -> None:
    """Fail as a worker that prints nothing does."""
    raise SystemExit(1)


def assert_gone(block: SharedMemory) -> None:
    """Check that a block is closed, and that nobody can open it any more."""
    assert block.buf is None
    with pytest.raises(FileNotFoundError):
        SharedMemory(block.name)


def test_pools_can_be_made_after_a_broken_one() -> None:
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(broken_pool.work, 5).result(TIMEOUT) == 25


@pytest.mark.parametrize(
    ("program", "name", "figure"),
    [
        (pool_sum, "PARTS", 4),
        (pool_sum, "WORKERS", 2),
    ],
)
def test_figures_that_the_text_speaks_of(
    program: ModuleType, name: str, figure: object
) -> None:
    assert getattr(program, name) == figure
