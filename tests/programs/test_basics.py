"""What the programs of chapter 1 claim."""

import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from unittest import mock

import pytest

from snippets._tools.catalogue import ROOT
from snippets.basics import (
    gil_computing,
    gil_hashing,
    gil_status,
    gil_waiting,
    same_work,
)

needs_gil = pytest.mark.skipif(
    not gil_status.gil_enabled(), reason="without the GIL, threads compute in parallel"
)


@pytest.fixture
def no_forced_switches() -> Iterator[None]:
    """Let the GIL change hands only where it is released, never by force."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    yield
    sys.setswitchinterval(interval)


class TestSameWork:
    """Concurrency is overlap; a sequence has none."""

    def test_a_sequence_never_overlaps(self) -> None:
        intervals = same_work.in_sequence()
        assert len(intervals) == 2
        assert same_work.most_at_once(intervals) == 1

    def test_a_worker_that_fails_is_noticed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(same_work, "task", lambda *_: None)  # and says nothing
        with pytest.raises(RuntimeError, match=r"a worker failed$"):
            same_work.at_once(threading.Thread)

    @pytest.mark.parametrize("worker_type", [threading.Thread, multiprocessing.Process])
    def test_workers_overlap(self, worker_type: same_work.WorkerType) -> None:
        intervals = same_work.at_once(worker_type)
        assert len(intervals) == 2
        assert same_work.most_at_once(intervals) == 2

    def test_each_task_waits_three_times(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waits: list[float] = []
        monkeypatch.setattr("time.sleep", waits.append)
        same_work.in_sequence()
        assert waits == [0.05] * 6

    def test_a_task_waits_until_all_are_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda _: None)
        start_line = mock.Mock()
        same_work.task(start_line, mock.Mock())
        start_line.wait.assert_called_once_with(timeout=20)

    def test_elapsed_time_is_that_of_the_run(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("time.perf_counter", iter([5.0, 7.0]).__next__)
        same_work.report("so", lambda: [(0.0, 1.0)])
        assert capsys.readouterr().out == f"{'so':13} at most 1 at once   2.00 s\n"


class TestComputing:
    """CPU-bound work: the GIL keeps threads at one core."""

    def test_counts_primes(self) -> None:
        assert gil_computing.count_primes(20_000) == 2262  # https://oeis.org/A006880

    def test_it_counts_as_often_as_the_page_says(self) -> None:
        page = (ROOT / "docs/guide/basics.md").read_text(encoding="utf-8")
        assert "counts primes, eight times over, in sequence" in page
        assert len(gil_computing.LIMITS) == 8

    def test_each_time_there_is_something_to_compute(self) -> None:
        assert min(map(gil_computing.compute, gil_computing.LIMITS)) > 0.001

    @needs_gil
    def test_threads_keep_no_more_than_one_core_busy(self) -> None:
        # Holds on a busy machine too: load lengthens elapsed time, never CPU time.
        started = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            elapsed, cpu = gil_computing.measure(
                lambda: pool.map(gil_computing.compute, [50_000] * 4)
            )
        assert 0 < cpu <= elapsed * 1.05
        assert elapsed <= time.perf_counter() - started

    def test_elapsed_time_is_that_of_the_run(self) -> None:
        for program in (gil_computing, gil_hashing):
            started = time.perf_counter()
            elapsed, cpu = program.measure(lambda: [2.0, 3.0])
            assert 0 <= elapsed <= time.perf_counter() - started
            assert cpu == 5.0

    def test_a_task_counts_its_own_cpu_seconds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limits: list[int] = []
        monkeypatch.setattr(gil_computing, "count_primes", limits.append)
        monkeypatch.setattr("time.thread_time", iter([5.0, 7.0, 7.0, 10.0]).__next__)
        assert gil_computing.compute(9) == 2.0
        assert limits == [9]
        assert gil_hashing.fingerprint(b"data") == 3.0

    def test_the_processes_are_there_before_the_clock(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pool = mock.MagicMock()
        pool.__enter__.return_value = pool
        monkeypatch.setattr(gil_computing, "ProcessPoolExecutor", lambda _: pool)
        monkeypatch.setattr(gil_computing, "measure", lambda _: (1.0, 1.0))
        gil_computing.main()
        pool.map.assert_called_once_with(gil_computing.compute, [2, 2])

    @pytest.mark.parametrize("program", [gil_computing, gil_hashing])
    def test_cores_busy_are_cpu_over_elapsed(
        self, program: ModuleType, capsys: pytest.CaptureFixture[str]
    ) -> None:
        program.report("so", elapsed=2.0, cpu=3.0)
        assert capsys.readouterr().out.endswith("CPU 3.00 s   cores busy 1.5x\n")


class TestWaiting:
    """I/O-bound work: a thread that waits holds no GIL."""

    def test_every_client_waits_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pauses: list[float] = []
        monkeypatch.setattr("time.sleep", pauses.append)
        # The server answers once all are connected: one at a time would time out.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            server = threading.Thread(target=gil_waiting.serve, args=(listener, 8))
            server.start()
            with ThreadPoolExecutor(8) as pool:
                replies = list(pool.map(gil_waiting.ask, [port] * 8))
            server.join()
        assert replies == [b"reply"] * 8
        assert pauses == [0.1]

    def test_the_time_is_that_of_the_run_and_the_listener_has_a_limit(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        limits: list[float | None] = []
        set_limit = socket.socket.settimeout

        def remember(which: socket.socket, limit: float | None) -> None:
            limits.append(limit)
            set_limit(which, limit)

        monkeypatch.setattr(socket.socket, "settimeout", remember)
        started, cpu_started = time.perf_counter(), time.process_time()
        gil_waiting.main()
        most, most_cpu = (
            time.perf_counter() - started,
            time.process_time() - cpu_started,
        )
        _, _, _, elapsed, _, _, cpu, _ = capsys.readouterr().out.split()
        assert float(elapsed) <= most + 0.001  # they are rounded
        assert float(cpu) <= most_cpu + 0.001
        assert limits.count(20) == 1 + gil_waiting.CLIENTS


class TestHashing:
    """C code may release the GIL while it computes."""

    def test_python_runs_while_a_buffer_is_hashed(
        self, no_forced_switches: None
    ) -> None:
        started, finished = threading.Event(), threading.Event()

        def hash_buffer() -> None:
            started.set()
            gil_hashing.fingerprint(bytes(4 * gil_hashing.SIZE))
            finished.set()

        hasher = threading.Thread(target=hash_buffer)
        hasher.start()
        started.wait(timeout=20)
        ran_meanwhile = not finished.is_set()
        hasher.join()
        assert ran_meanwhile

    def test_a_buffer_is_large_enough_to_release_the_gil(self) -> None:
        # hashlib keeps the GIL below 2048 bytes: https://docs.python.org/3/library/hashlib.html
        assert gil_hashing.SIZE > 2047

    def test_both_ways_hash_it_four_times(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed: list[bytes] = []
        monkeypatch.setattr(gil_hashing, "SIZE", 3)
        monkeypatch.setattr(gil_hashing, "fingerprint", hashed.append)
        monkeypatch.setattr(gil_hashing, "measure", lambda run: (1.0, len([*run()])))
        gil_hashing.main()
        assert hashed == [bytes(3)] * 8


class TestStatus:
    """What the interpreter says of itself."""

    def test_only_a_free_threaded_build_can_be_without_gil(self) -> None:
        assert gil_status.gil_enabled() or gil_status.free_threaded_build()

    def test_agrees_with_the_version_string(self) -> None:
        assert gil_status.free_threaded_build() == ("free-threading" in sys.version)

    @pytest.mark.parametrize(
        ("python", "printed"),
        [
            (((3, 12), 0, None), "free-threaded build: no\nGIL: on\n"),
            (((3, 13), 0, True), "free-threaded build: no\nGIL: on\n"),
            (((3, 13), 1, False), "free-threaded build: yes\nGIL: off\n"),
            (((3, 14), 1, True), "free-threaded build: yes\nGIL: on\n"),
        ],
    )
    def test_what_each_build_says(
        self,
        python: tuple[tuple[int, int], int, bool | None],
        printed: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        version, free_threaded, enabled = python
        settings = {"Py_GIL_DISABLED": free_threaded}
        monkeypatch.setattr("sysconfig.get_config_var", settings.get)
        monkeypatch.setattr(sys, "_is_gil_enabled", lambda: enabled, raising=False)
        monkeypatch.setattr(sys, "version_info", version)
        gil_status.main()
        assert capsys.readouterr().out == printed
