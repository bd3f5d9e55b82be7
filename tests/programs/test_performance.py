"""What the programs of chapter 6 claim."""

import asyncio
import importlib
import logging
import multiprocessing
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

from snippets.performance import (
    amdahl,
    blocked_loop,
    harness,
    log_names,
    lost_exceptions,
    stuck_program,
)

needs_pstree = pytest.mark.skipif(
    sys.version_info < (3, 14), reason="python -m asyncio pstree needs Python 3.14"
)


def recorded(program: ModuleType) -> str:
    """Return the recorded output of a program."""
    path = Path(str(program.__file__)).with_suffix(".out")
    return path.read_text(encoding="utf-8")


class TestMeasuring:
    """A warm-up, repeats, the median; and the law."""

    @pytest.mark.parametrize(
        ("program", "median"),
        [(harness, harness.median_seconds), (amdahl, amdahl.seconds)],
    )
    def test_the_median_of_the_runs(
        self,
        program: ModuleType,
        median: Callable[[Callable[[], object]], float],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        runs = [5.0, 1.0, 90.0, 2.0, 3.0]
        ticks = iter([tick for run in runs for tick in (100.0, 100.0 + run)])
        monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
        assert len(runs) == program.REPEATS
        done: list[None] = []
        assert median(lambda: done.append(None)) == 3.0
        assert len(done) >= len(runs)

    def test_the_warm_up_does_not_count(self) -> None:
        calls: list[float] = []
        harness.median_seconds(lambda: calls.append(time.perf_counter()))
        assert len(calls) == 1 + harness.REPEATS

    def test_every_way_does_every_item(self, tmp_path: Path) -> None:
        log = str(tmp_path / "log")
        seconds = harness.compare(Append(log), [1, 2, 3])
        assert list(seconds) == ["sequence", "threads", "processes"]
        lines = Path(log).read_text(encoding="utf-8").splitlines()
        ways = [line.rsplit(" ", 1)[0] for line in lines]
        here = [way for way in ways if way.startswith(f"{os.getpid()} ")]
        assert len(here) == 2 * 3 * (1 + harness.REPEATS)
        assert len(set(here)) > 1  # the main thread, and the pool's
        assert len(ways) - len(here) == 3 * (2 + harness.REPEATS)

    def test_work_is_what_it_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert harness.compute(1000) == sum(n * n for n in range(1000))
        waits: list[float] = []
        monkeypatch.setattr("time.sleep", waits.append)
        harness.wait(20)
        assert waits == [0.02]

    @pytest.mark.parametrize(
        ("share", "workers", "most"),
        [(0.0, 8, 8.0), (1.0, 8, 1.0), (0.5, 2, 4 / 3), (0.25, 4, 16 / 7)],
    )
    def test_the_law(self, share: float, workers: int, most: float) -> None:
        # Amdahl (1967), https://doi.org/10.1145/1465482.1465560
        assert amdahl.speed_up(share, workers) == pytest.approx(most)

    def test_both_parts_do_their_work(self) -> None:
        assert amdahl.serial_part() == 1_499_999 * 1_500_000 // 2
        assert amdahl.parallel_part(4) == 14

    def test_the_prediction_is_made_of_the_measurement(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        times = iter([1.0, 3.0, 1.5])  # serial, all chunks alone, all chunks together
        pool = mock.MagicMock()
        pool.__enter__.return_value = pool
        monkeypatch.setattr(amdahl, "ProcessPoolExecutor", lambda _: pool)
        monkeypatch.setattr(amdahl, "seconds", lambda _: next(times))
        amdahl.main()
        pool.map.assert_called_once_with(amdahl.parallel_part, [1, 1])  # the warm-up
        assert capsys.readouterr().out.splitlines() == [
            "serial share 25 %",
            "2 workers: at most 1.60x",
            "measured 1.60x, efficiency 80 %",
            "with any number of workers: at most 4.0x",
        ]

    def test_how_many_times_faster(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        compare = mock.Mock(return_value={"sequence": 0.3, "threads": 0.1})
        monkeypatch.setattr(harness, "compare", compare)
        harness.main()
        assert compare.mock_calls == [
            mock.call(harness.wait, [10] * 8),
            mock.call(harness.compute, [100_000] * 8),
        ]
        lines = capsys.readouterr().out.splitlines()
        assert (
            lines[1:3]
            == lines[4:6]
            == [
                "  sequence   300.0 ms   1.0x",
                "  threads    100.0 ms   3.0x",
            ]
        )


class Append:
    """A task that writes down which process and thread did it; it can be pickled."""

    def __init__(self, log: str) -> None:
        self.log = log

    def __call__(self, item: int) -> None:
        line = f"{os.getpid()} {threading.current_thread().name} {item}\n"
        with Path(self.log).open("a", encoding="utf-8") as log:
            log.write(line)


class TestLogging:
    """A line says where it comes from."""

    @pytest.fixture(autouse=True)
    def root_logger(self) -> Iterator[logging.Logger]:
        """Return the root logger without handlers; put it back as it was."""
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        root.handlers = []
        yield root
        root.handlers, root.level = handlers, level

    def test_the_program(
        self,
        root_logger: logging.Logger,
        unjoined: set[threading.Thread],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        root_logger.handlers = []  # pytest has put its own there
        log_names.main()
        assert not unjoined
        assert capsys.readouterr().out == recorded(log_names)

    def test_a_child_writes_nothing_itself(
        self, root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root_logger.addHandler(logging.StreamHandler(sys.stdout))
        records: queue.Queue[logging.LogRecord] = queue.Queue()
        log_names.work_in_a_process(records, "orders")  # type: ignore[arg-type]
        record = records.get_nowait()
        assert (record.levelname, record.getMessage()) == ("INFO", "handles orders")
        assert record.processName == multiprocessing.current_process().name
        assert capsys.readouterr().out == ""


class TestLostExceptions:
    """Each is found where the program says."""

    def test_the_hook_is_put_back(self) -> None:
        before = threading.excepthook
        lost_exceptions.main()
        assert threading.excepthook is before

    @pytest.mark.parametrize(
        ("way", "found"),
        [
            (lost_exceptions.in_a_group, "ExceptionGroup: lost"),
            (lost_exceptions.in_a_forgotten_task, "loop's exception handler: lost"),
        ],
    )
    def test_in_tasks(
        self,
        way: Callable[[], object],
        found: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        asyncio.run(way())  # type: ignore[arg-type]  # a coroutine function
        assert capsys.readouterr().out == f"{found}\n"


class TestBlockedLoop:
    """Debug mode names the coroutine that holds the loop."""

    def test_both_coroutines_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waits: list[float] = []

        async def note(seconds: float) -> None:
            waits.append(seconds)

        monkeypatch.setattr("asyncio.sleep", note)
        asyncio.run(blocked_loop.serve())
        assert len(waits) == 1

    def test_the_collector_leaves_with_the_program(self) -> None:
        before = logging.getLogger("asyncio").handlers[:]
        blocked_loop.main()
        assert logging.getLogger("asyncio").handlers == before

    def test_only_slow_steps_are_collected(self) -> None:
        steps = blocked_loop.SlowSteps()
        for message in (
            "Using selector: EpollSelector",
            "Executing <Task finished coro=<rude() done, at a:3>> took 0.3 seconds",
        ):
            steps.handle(logging.makeLogRecord({"msg": message}))
        assert steps.found == [(0.3, "rude")]


class TestStuckPrograms:
    """Where a program stands is seen from inside and from outside."""

    def test_every_thread_is_in_the_dump(self) -> None:
        asked, reply = threading.Event(), threading.Event()
        worker = threading.Thread(
            target=stuck_program.wait_for_reply, args=(asked, reply)
        )
        worker.start()
        asked.wait(20)
        stacks = stuck_program.dump()
        reply.set()
        worker.join()
        assert stacks.count("hread 0x") >= 2
        assert {"wait_for_reply", "dump"} <= set(stuck_program.calls(stacks))

    def test_a_thread_that_has_ended_is_not(self) -> None:
        assert "wait_for_reply" not in stuck_program.calls(stuck_program.dump())

    def test_what_is_not_in_the_dump_is_said(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(stuck_program, "calls", lambda _: [])
        stuck_program.main()
        assert [
            line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()
        ] == ["is not there"] * 3

    @pytest.mark.parametrize(
        ("program", "look", "arguments"),
        [
            ("sample_stack", "stack_of", [7]),
            pytest.param("inspect_tasks", "ask", ["ps", 7], marks=needs_pstree),
        ],
    )
    def test_what_the_system_forbids_is_said(
        self,
        program: str,
        look: str,
        arguments: list[object],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        module = importlib.import_module(f"snippets.performance.{program}")
        refused = subprocess.CompletedProcess([], 1, "", "Operation not permitted\n")
        monkeypatch.setattr("subprocess.run", lambda *_, **__: refused)
        with pytest.raises(PermissionError, match=r"not permitted: .*ptrace_scope=0$"):
            getattr(module, look)(*arguments)

    @pytest.mark.parametrize(
        ("program", "look", "arguments"),
        [
            ("sample_stack", "stack_of", []),
            pytest.param("inspect_tasks", "ask", ["ps"], marks=needs_pstree),
        ],
    )
    def test_a_process_that_is_gone_is_an_error(
        self, program: str, look: str, arguments: list[object]
    ) -> None:
        with subprocess.Popen([sys.executable, "-c", ""]) as gone:
            pass
        module = importlib.import_module(f"snippets.performance.{program}")
        with pytest.raises(PermissionError):
            getattr(module, look)(*arguments, gone.pid)


@pytest.mark.parametrize(
    ("program", "name", "figure"),
    [
        (amdahl, "CHUNKS", [200_000] * 8),
        (harness, "WORKERS", 2),
    ],
)
def test_figures_that_the_text_speaks_of(
    program: ModuleType, name: str, figure: object
) -> None:
    assert getattr(program, name) == figure
