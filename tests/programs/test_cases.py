"""What the programs of chapter 7 claim."""

import asyncio
import dataclasses
import json
import pickle
import runpy
import socket
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory
from types import ModuleType
from unittest import mock

import aiohttp
import numpy as np
import pytest

from snippets._tools.catalogue import ROOT
from snippets.cases import (
    numpy_data,
    parallel_data,
    pickling_cost,
    shared_data,
    web_requests,
)
from snippets.cases.web_requests import Failure


@pytest.fixture
def key() -> str:
    """Return a name for the server's counters that no other test uses."""
    return uuid.uuid4().hex


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long the program would have paused; it does not."""
    taken: list[float] = []

    async def note(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("asyncio.sleep", note)
    return taken


def fetch(*urls: str) -> list[str | Failure]:
    """Return what becomes of the URLs."""
    return asyncio.run(web_requests.fetch_all(list(urls)))


class TestWebRequests:
    """Each URL ends as a page or as a failure with its reason."""

    def test_a_page_is_its_text(self, httpbin: str) -> None:
        (page,) = fetch(f"{httpbin}/get")
        assert page == json.dumps({"url": f"{httpbin}/get"})

    def test_results_keep_the_order_and_the_repetitions(self, httpbin: str) -> None:
        results = fetch(f"{httpbin}/delay/0.05", f"{httpbin}/bytes/2", f"{httpbin}/get")
        again = fetch(*[f"{httpbin}/bytes/3"] * 3)
        assert results[1] == "xx"
        assert "delay" in str(results[0])
        assert again == ["xxx"] * 3

    @pytest.mark.parametrize("status", [400, 404, 410])
    def test_what_will_not_change_is_not_tried_again(
        self, httpbin: str, status: int, pauses: list[float]
    ) -> None:
        (result,) = fetch(f"{httpbin}/status/{status}")
        assert result == Failure(f"status {status}")
        assert pauses == []

    @pytest.mark.parametrize("status", [429, 500, 503, 599])
    def test_what_may_change_is_tried_three_times(
        self, httpbin: str, status: int, pauses: list[float]
    ) -> None:
        (result,) = fetch(f"{httpbin}/status/{status}")
        assert result == Failure(f"status {status}", again=True)
        assert len(pauses) == 2

    @pytest.mark.parametrize(("failures", "ok"), [(1, True), (2, True), (3, False)])
    def test_the_third_attempt_is_the_last(
        self, httpbin: str, key: str, failures: int, *, ok: bool, pauses: list[float]
    ) -> None:
        (result,) = fetch(f"{httpbin}/flaky/{key}/{failures}")
        assert isinstance(result, str) is ok
        if ok:
            assert json.loads(str(result)) == {"attempts": failures + 1}

    def test_the_server_says_when_to_come_back(
        self, httpbin: str, key: str, pauses: list[float]
    ) -> None:
        (result,) = fetch(f"{httpbin}/flaky/{key}/2?retry-after=3")
        assert isinstance(result, str)
        assert pauses == [3.0, 3.0]

    @pytest.mark.parametrize("after", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "soon"])
    def test_other_words_of_the_server_are_no_seconds(
        self, httpbin: str, key: str, after: str, pauses: list[float]
    ) -> None:
        (result,) = fetch(f"{httpbin}/flaky/{key}/1?retry-after={after}")
        assert isinstance(result, str)
        assert 0 <= pauses[0] <= web_requests.FIRST_PAUSE

    def test_pauses_grow_and_differ_and_are_bounded(self) -> None:
        for number, bound in ((1, 0.05), (2, 0.1), (3, 0.2), (20, 5.0)):
            drawn = [web_requests.pause(number, after=0.0) for _ in range(200)]
            assert 0 <= min(drawn) < bound / 2 < max(drawn) <= bound
            assert len(set(drawn)) > 1
        assert web_requests.pause(1, after=1e9) == web_requests.LONGEST_PAUSE

    def test_never_more_at_once_than_allowed(self, httpbin: str, key: str) -> None:
        pages = fetch(*[f"{httpbin}/busy/{key}/0.02"] * 12)
        most = max(json.loads(str(page))["most"] for page in pages)
        assert most <= web_requests.AT_ONCE

    def test_as_many_at_once_as_allowed(self, httpbin: str, key: str) -> None:
        pages = fetch(*[f"{httpbin}/meet/{key}/{web_requests.AT_ONCE}"] * 8)
        assert pages == [json.dumps({"met": web_requests.AT_ONCE})] * 8

    def test_a_pause_holds_no_slot(
        self, httpbin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        free: list[bool] = []
        slots = asyncio.Semaphore(1)
        monkeypatch.setattr("asyncio.Semaphore", lambda _: slots)

        async def look(_: float) -> None:
            free.append(not slots.locked())

        monkeypatch.setattr("asyncio.sleep", look)
        fetch(f"{httpbin}/status/503")
        assert free == [True, True]

    def test_a_dead_host(self, pauses: list[float]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        (result,) = fetch(f"http://127.0.0.1:{port}/")
        assert result == Failure("ClientConnectorError", again=True)
        assert len(pauses) == 2

    def test_a_reset_connection(self, httpbin: str, pauses: list[float]) -> None:
        (result,) = fetch(f"{httpbin}/reset")
        assert result == Failure("ServerDisconnectedError", again=True)

    @pytest.mark.parametrize("url", ["", "nowhere", "http://", "ftp://127.0.0.1/x"])
    def test_what_is_no_url(self, url: str, pauses: list[float]) -> None:
        assert fetch(url) == [Failure("not a URL")]
        assert pauses == []

    def test_what_is_no_text(self, httpbin: str) -> None:
        assert fetch(f"{httpbin}/not-text") == [Failure("not text")]

    def test_a_page_that_is_too_large(
        self, httpbin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(web_requests, "LARGEST", 10)
        just, above = fetch(f"{httpbin}/bytes/10", f"{httpbin}/bytes/11")
        assert (just, above) == ("x" * 10, Failure("too large"))

    def test_a_page_that_never_ends(self, httpbin: str) -> None:
        assert fetch(f"{httpbin}/endless") == [Failure("too large")]

    def test_a_server_that_stalls(
        self, httpbin: str, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        monkeypatch.setattr(web_requests, "PER_ATTEMPT", 0.1)
        (result,) = fetch(f"{httpbin}/delay/60")
        assert result == Failure("no answer in time", again=True)
        assert len(pauses) == 2

    def test_the_deadline_ends_all_and_keeps_what_is_there(
        self, httpbin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(web_requests, "DEADLINE", 0.5)
        late, page = fetch(f"{httpbin}/delay/60", f"{httpbin}/bytes/1")
        assert late == Failure("not done by the deadline")
        assert page == "x"

    def test_no_task_is_left(
        self, httpbin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(web_requests, "DEADLINE", 0.1)

        async def others_after() -> int:
            await web_requests.fetch_all([f"{httpbin}/delay/60"])
            return sum("fetch" in repr(task) for task in asyncio.all_tasks())

        assert asyncio.run(others_after()) == 0

    def test_a_failure_is_final_unless_it_says_so_and_stays_what_it_is(self) -> None:
        failure = Failure("not text")
        assert not failure.again
        with pytest.raises(dataclasses.FrozenInstanceError):
            failure.again = True  # type: ignore[misc]  # that it is refused is the test

    def test_one_session_for_all(
        self, httpbin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[object] = []
        original = aiohttp.ClientSession

        def remember(timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
            made.append(timeout)
            return original(timeout=timeout)

        monkeypatch.setattr("aiohttp.ClientSession", remember)
        fetch(*[f"{httpbin}/get"] * 3)
        assert made == [aiohttp.ClientTimeout(total=web_requests.PER_ATTEMPT)]

    @pytest.mark.parametrize(
        ("environment", "address"),
        [({}, "https://httpbin.org"), ({"HTTPBIN_URL": "http://here"}, "http://here")],
    )
    def test_the_address_can_be_set(
        self,
        environment: dict[str, str],
        address: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("os.environ", environment)
        assert runpy.run_path(web_requests.__file__)["ADDRESS"] == address

    def test_when_all_fail_the_program_fails(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        pauses: list[float],
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        monkeypatch.setattr(web_requests, "ADDRESS", f"http://127.0.0.1:{port}")
        with pytest.raises(SystemExit, match=r"^nothing could be fetched$"):
            web_requests.main()
        assert capsys.readouterr().out.count("ClientConnectorError") == 4


class TestDataProcessing:
    """Parallel or not, the results are the same, and what is sent is small."""

    @pytest.mark.parametrize("size", [0, 1, 2, 7, 1000])
    def test_the_pool_returns_what_the_loop_does(self, size: int) -> None:
        numbers = list(range(size))
        with ProcessPoolExecutor(pickling_cost.WORKERS) as pool:
            if size:
                expected = [number * 2 + 1 for number in numbers]
                assert pickling_cost.in_pool(pool, numbers) == expected
        assert pickling_cost.travel(numbers) == numbers

    def test_each_worker_gets_a_part(self) -> None:
        pool = mock.Mock()
        pool.map.side_effect = map
        assert pickling_cost.in_pool(pool, [1, 2, 3]) == [3, 5, 7]
        pool.map.assert_called_once_with(pickling_cost.transform, [[1, 2], [3]])

    def test_the_numbers_weigh_more_than_what_is_done_with_them(self) -> None:
        parts = [range(1 + n, parallel_data.SIZE, parallel_data.PARTS) for n in (0, 1)]
        assert len(pickle.dumps(list(range(100_000)))) > 200_000
        assert all(len(pickle.dumps(part)) < 100 for part in parts)

    def test_each_part_is_what_the_page_says(self) -> None:
        page = (ROOT / "docs/guide/cases.md").read_text(encoding="utf-8")
        assert "each part takes every eighth number" in page
        assert parallel_data.PARTS == 8

    def test_every_number_is_looked_at(self) -> None:
        seen: list[int] = []

        class Inline:
            """Runs in this process what a pool would run in others."""

            def map(
                self, function: object, parts: list[range]
            ) -> list[tuple[int, int]]:
                assert function is parallel_data.longest
                seen.extend(number for part in parts for number in part)
                return [parallel_data.longest(part) for part in parts]

        result = parallel_data.in_pool(Inline())  # type: ignore[arg-type]  # alike in use
        assert sorted(seen) == list(range(1, parallel_data.SIZE))
        assert result == parallel_data.in_sequence()

    def test_the_longest_sequence_is_known(self) -> None:
        # https://oeis.org/A006877 and https://oeis.org/A006878
        assert parallel_data.in_sequence() == (339, 52_527)

    def test_a_time_is_that_of_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("time.perf_counter", iter([5.0, 7.0, 7.0, 10.0]).__next__)
        assert parallel_data.timed(lambda: (1, 2)) == (2.0, (1, 2))
        done: list[str] = []
        assert pickling_cost.seconds(lambda: done.append("it")) == 3.0
        assert done == ["it"]

    def test_how_many_times_as_fast(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        times = iter([1.0, 0.25, 0.5, 4.0])  # loop, there, back, pool
        monkeypatch.setattr(pickling_cost, "seconds", lambda _: next(times))
        of_numpy, made = iter([0.3, 0.02]), list[list[int]]()

        def measure(action: Callable[[], Iterable[int]]) -> float:
            made.append(list(action()))
            return next(of_numpy)

        monkeypatch.setattr(numpy_data, "seconds", measure)
        sizes: list[int] = []

        def in_pool(_: object, numbers: list[int]) -> list[int]:
            sizes.append(len(numbers))
            return pickling_cost.transform(numbers)

        pool = mock.MagicMock()
        pool.__enter__.return_value = pool
        monkeypatch.setattr(pickling_cost, "ProcessPoolExecutor", lambda _: pool)
        monkeypatch.setattr(pickling_cost, "in_pool", in_pool)
        numpy_data.main()
        pickling_cost.main()
        assert sizes == [1_000_000]
        warm_up = mock.call(pickling_cost.transform, [[1], [2]])
        assert pool.map.mock_calls[0] == warm_up
        assert capsys.readouterr().out.splitlines() == [
            "loop     300.00 ms",
            "NumPy    20.00 ms, 15x, same: True",
            "loop             1.000 s",
            "there and back   0.750 s",
            "2 processes      4.000 s, 0.25x, same: True",
        ]
        assert made[0] == made[1]

    @pytest.mark.parametrize(("last", "same"), [((339, 52_527), True), ((1, 1), False)])
    def test_the_medians_and_the_comparison(
        self,
        last: tuple[int, int],
        *,
        same: bool,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        best = (339, 52_527)
        runs = iter([(4.0, best), (2.0, best), (9.0, best), (3.0, last)])
        monkeypatch.setattr(parallel_data, "timed", lambda _: next(runs))
        monkeypatch.setattr(parallel_data, "in_pool", lambda _: best)
        monkeypatch.setattr(parallel_data, "REPEATS", 2)
        parallel_data.main()
        assert capsys.readouterr().out.splitlines() == [
            "in sequence    6.500 s",
            "2 processes    2.500 s, 2.50x",
            f"longest: 52527 takes 339 steps, same: {same}",
        ]

    @pytest.mark.parametrize(("runs", "median"), [([3.0, 1.0, 2.0], 2.0)])
    def test_a_median_is_not_moved_by_one_slow_run(
        self, runs: list[float], median: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticks = iter([tick for run in runs for tick in (9.0, 9.0 + run)])
        monkeypatch.setattr(numpy_data, "REPEATS", len(runs))
        monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
        done: list[None] = []
        assert numpy_data.seconds(lambda: done.append(None)) == median
        assert len(done) == len(runs)


class TestSharedData:
    """Arrays are changed in place, and the memory is gone in the end."""

    @pytest.fixture
    def blocks(self, monkeypatch: pytest.MonkeyPatch) -> list[SharedMemory]:
        """Return the blocks of shared memory that the program makes or opens."""
        made: list[SharedMemory] = []

        def remember(
            name: str | None = None, *, create: bool = False, size: int = 0
        ) -> SharedMemory:
            made.append(SharedMemory(name, create, size))
            return made[-1]

        monkeypatch.setattr(shared_data, "SharedMemory", remember)
        return made

    def test_processes_compute_what_one_does(self, blocks: list[SharedMemory]) -> None:
        numbers = np.arange(shared_data.SIZE, dtype=np.float64)[::-1].copy()
        assert np.array_equal(shared_data.transform(numbers), np.sqrt(numbers))
        assert_gone(blocks[0])

    def test_a_failure_is_raised_and_leaves_no_memory(
        self, blocks: list[SharedMemory], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shared_data, "take_roots", fail)
        with pytest.raises(ZeroDivisionError):
            shared_data.transform(np.zeros(shared_data.SIZE))
        assert_gone(blocks[0])

    def test_an_array_that_is_not_complete_is_refused(
        self, blocks: list[SharedMemory], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shared_data, "take_roots", do_nothing)
        with pytest.raises(RuntimeError, match=r"^not all numbers were replaced$"):
            shared_data.transform(np.zeros(shared_data.SIZE))
        assert_gone(blocks[0])

    def test_a_worker_changes_its_part_only_and_closes(
        self, blocks: list[SharedMemory]
    ) -> None:
        memory = SharedMemory(create=True, size=shared_data.SIZE * 8)
        try:
            shared_data.as_array(memory)[:] = 9.0
            assert shared_data.take_roots(memory.name, 1, 3) == 2
            assert shared_data.as_array(memory)[:4].tolist() == [9.0, 3.0, 3.0, 9.0]
            assert blocks[0].buf is None
        finally:
            memory.close()
            memory.unlink()


def do_nothing(*_: object) -> int:
    """Replace no number."""
    return 0


def fail(*_: object) -> int:
    """Fail as a worker may."""
    return 1 // 0


def assert_gone(block: SharedMemory) -> None:
    """Check that a block is closed, and that nobody can open it any more."""
    assert block.buf is None
    with pytest.raises(FileNotFoundError):
        SharedMemory(block.name)


@pytest.mark.parametrize(
    ("program", "name", "figure"),
    [
        (numpy_data, "REPEATS", 5),
        (parallel_data, "REPEATS", 5),
        (shared_data, "WORKERS", 2),
        (web_requests, "PER_ATTEMPT", 10.0),
        (web_requests, "DEADLINE", 60.0),
    ],
)
def test_figures_that_the_text_speaks_of(
    program: ModuleType, name: str, figure: object
) -> None:
    assert getattr(program, name) == figure
