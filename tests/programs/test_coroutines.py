"""What the programs of chapter 4 claim."""

import asyncio
import importlib
import runpy
import sys
import threading
import uuid
from collections.abc import Awaitable, Callable, Coroutine

import aiohttp
import pytest

from snippets.coroutines import (
    fetch_pages,
    first_tasks,
    frozen_loop,
    gather_or_group,
    queue_hangs,
)

TIMEOUT = 20.0  # seconds; only a broken program waits that long
needs_shutdown = pytest.mark.skipif(
    sys.version_info < (3, 13), reason="asyncio.Queue.shutdown needs Python 3.13"
)


@pytest.fixture
def key() -> str:
    """Return a name for the server's counters that no other test uses."""
    return uuid.uuid4().hex


class TestFirstTasks:
    """Awaiting is one after the other, tasks run at once."""

    @pytest.fixture
    def meeting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a sleep end only when two sleep at once, or at last fail."""
        gate: list[asyncio.Barrier] = []

        async def meet(_: float) -> None:
            gate.append(gate[0] if gate else asyncio.Barrier(2))
            async with asyncio.timeout(0.1):
                await gate[0].wait()

        monkeypatch.setattr("asyncio.sleep", meet)

    def test_tasks_wait_at_once(self, meeting: None) -> None:
        assert asyncio.run(first_tasks.at_once()) == ["tea", "eggs"]

    def test_awaiting_does_not(self, meeting: None) -> None:
        with pytest.raises(TimeoutError):
            asyncio.run(first_tasks.one_after_the_other())


class TestFetchPages:
    """One session, all pages at once, and all or an error before the deadline."""

    def test_pages_are_fetched_at_once(self, httpbin: str, key: str) -> None:
        paths = [f"/meet/{key}/3?page={number}" for number in range(3)]
        sizes = asyncio.run(fetch_pages.fetch_all(httpbin, paths, TIMEOUT))
        assert sizes == dict.fromkeys(paths, len('{"met": 3}'))

    def test_sizes_are_those_of_the_pages(self, httpbin: str) -> None:
        paths = ["/bytes/0", "/bytes/70000"]
        sizes = asyncio.run(fetch_pages.fetch_all(httpbin, paths, TIMEOUT))
        assert sizes == {"/bytes/0": 0, "/bytes/70000": 70_000}

    def test_the_deadline_ends_it(self, httpbin: str) -> None:
        paths = ["/bytes/1", "/delay/60"]
        with pytest.raises(TimeoutError):
            asyncio.run(fetch_pages.fetch_all(httpbin, paths, 0.1))

    @pytest.mark.parametrize("path", ["/status/404", "/status/500", "/reset"])
    def test_a_page_that_fails_ends_it_at_once(self, httpbin: str, path: str) -> None:
        paths = ["/delay/60", path]
        with pytest.raises(ExceptionGroup) as raised:
            asyncio.run(fetch_pages.fetch_all(httpbin, paths, TIMEOUT))
        assert raised.group_contains(aiohttp.ClientError)

    def test_one_session_serves_all(
        self, httpbin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sessions: list[aiohttp.ClientSession] = []
        original = aiohttp.ClientSession

        def remember(address: str) -> aiohttp.ClientSession:
            sessions.append(original(address))
            return sessions[-1]

        monkeypatch.setattr("aiohttp.ClientSession", remember)
        paths = [f"/bytes/{number}" for number in range(5)]
        asyncio.run(fetch_pages.fetch_all(httpbin, paths, TIMEOUT))
        assert [session.closed for session in sessions] == [True]

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
        assert runpy.run_path(fetch_pages.__file__)["ADDRESS"] == address


class TestGatherOrGroup:
    """Who is told what, and who goes on."""

    @pytest.mark.parametrize(
        ("way", "printed"),
        [
            (
                gather_or_group.by_gather,
                ["raised: no such page", "the other went on to its end"],
            ),
            (
                gather_or_group.by_quiet_gather,
                ["the other went on to its end", "2 results, 1 of them an exception"],
            ),
            (
                gather_or_group.by_group,
                ["the other was cancelled", "raised: no such page"],
            ),
        ],
        ids=lambda value: getattr(value, "__name__", None),
    )
    def test_what_becomes_of_the_other(
        self, way: object, printed: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        asyncio.run(way())  # type: ignore[operator]  # a coroutine function
        lines = capsys.readouterr().out.splitlines()
        assert [line.strip() for line in lines] == printed

    def test_after_gather_the_other_still_runs(self) -> None:
        async def gather() -> bool:
            signal = asyncio.Event()
            other = asyncio.create_task(gather_or_group.wait(signal))
            with pytest.raises(LookupError):
                await asyncio.gather(gather_or_group.fail(), other)
            still_runs = not other.done()
            signal.set()
            await other
            return still_runs

        assert asyncio.run(gather())

    def test_its_answer_comes_to_who_awaits_it(self) -> None:
        async def answer() -> str:
            signal = asyncio.Event()
            signal.set()
            return await gather_or_group.wait(signal)

        assert asyncio.run(answer()) == "page"

    def test_no_task_is_left(self) -> None:
        async def others_after(way: Callable[[], Awaitable[None]]) -> int:
            await way()
            return len(asyncio.all_tasks()) - 1

        assert asyncio.run(others_after(gather_or_group.by_gather)) == 0


class TestFrozenLoop:
    """A blocking call stops the loop, unless a thread makes it."""

    def test_the_loop_stands_still(self) -> None:
        assert asyncio.run(frozen_loop.in_the_loop()) == "heard nothing"

    def test_the_loop_goes_on(self) -> None:
        assert asyncio.run(frozen_loop.in_a_thread()) == "heard the heart"

    @pytest.mark.parametrize("way", [frozen_loop.in_the_loop, frozen_loop.in_a_thread])
    def test_a_heart_beats_three_times(
        self,
        way: Callable[[], Coroutine[None, None, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        beats: list[float] = []
        hearts: list[threading.Event] = []

        async def sleep(seconds: float) -> None:
            beats.append(seconds)

        monkeypatch.setattr("asyncio.sleep", sleep)
        monkeypatch.setattr(frozen_loop, "blocking_call", hearts.append)
        asyncio.run(way())
        assert beats == [0] * 3
        assert hearts[0].is_set()


class TestQueues:
    """One hangs, the others do not, and no item is lost."""

    def test_all_puts_but_the_sentinels_are_marked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        puts: list[str | None] = []
        done: list[None] = []

        class Counted(asyncio.Queue[str | None]):
            """Counts what is put and what is marked as done."""

            async def put(self, item: str | None) -> None:
                puts.append(item)
                await super().put(item)

            def task_done(self) -> None:
                done.append(None)
                super().task_done()

        monkeypatch.setattr(queue_hangs, "Items", Counted)
        asyncio.run(queue_hangs.run(patience=0.01))
        assert puts == ["item 1", "item 2", "item 3", "item 4", None, None, None]
        assert len(done) == 4

    def test_a_sentinel_that_is_marked_does_not_hang(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async def consume(items: queue_hangs.Items) -> None:
            while not items.empty():
                await items.get()
                items.task_done()

        monkeypatch.setattr(queue_hangs, "consume", consume)
        asyncio.run(queue_hangs.run(patience=TIMEOUT))
        assert "hangs" not in capsys.readouterr().out

    @pytest.mark.parametrize(
        "name", ["queue_cured", pytest.param("queue_closed", marks=needs_shutdown)]
    )
    def test_every_order_has_its_outcome(self, name: str) -> None:
        program = importlib.import_module(f"snippets.coroutines.{name}")
        orders = [str(number) for number in range(100)]
        outcomes = asyncio.run(program.handle([*orders, "x", "y", "z"]))
        failed = [outcomes.pop(order) for order in ("x", "y", "z")]
        assert all(isinstance(error, ValueError) for error in failed)
        assert outcomes == {order: 2 * int(order) for order in orders}

    @pytest.mark.parametrize(
        "name", ["queue_cured", pytest.param("queue_closed", marks=needs_shutdown)]
    )
    def test_every_put_is_marked_as_done(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = importlib.import_module(f"snippets.coroutines.{name}")
        puts: list[object] = []
        done: list[None] = []

        class Counted(asyncio.Queue[str | None]):
            """Counts what is put and what is marked as done."""

            def __init__(self, maxsize: int) -> None:
                assert maxsize == 3
                super().__init__(maxsize)

            async def put(self, item: str | None) -> None:
                await super().put(item)
                puts.append(item)

            def task_done(self) -> None:
                super().task_done()
                done.append(None)

        monkeypatch.setattr(asyncio, "Queue", Counted)
        monkeypatch.setattr(program, "Items", Counted, raising=False)
        asyncio.run(program.handle(["1", "two", "3"]))
        assert len(puts) == len(done) >= 3

    @pytest.mark.parametrize(
        "name", ["queue_cured", pytest.param("queue_closed", marks=needs_shutdown)]
    )
    def test_both_consumers_work_at_once(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = importlib.import_module(f"snippets.coroutines.{name}")
        barriers: list[asyncio.Barrier] = []

        async def meet(_: float) -> None:
            barriers.append(barriers[0] if barriers else asyncio.Barrier(2))
            async with asyncio.timeout(TIMEOUT):
                await barriers[0].wait()

        monkeypatch.setattr("asyncio.sleep", meet)
        assert len(asyncio.run(program.handle(["1", "2", "3", "4"]))) == 4
        assert len(barriers) == 4
        assert program.CONSUMERS == 2

    @needs_shutdown
    def test_consumers_go_home_when_the_producer_fails(self) -> None:
        program = importlib.import_module("snippets.coroutines.queue_closed")

        async def run() -> None:
            items: asyncio.Queue[str] = asyncio.Queue()
            with pytest.raises(TypeError):
                await program.produce(items, 5)
            async with asyncio.timeout(TIMEOUT):
                await program.consume(items, {})

        asyncio.run(run())
