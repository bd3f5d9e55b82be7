"""What the index of symptoms promises, and what its programs claim."""

import asyncio
import contextlib
import gc
import itertools
import multiprocessing
import re
import resource
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from unittest import mock

import aiohttp
import pytest
from aiohttp import web

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from snippets.symptoms import (
    changing_dict,
    closed_loop,
    coroutines_to_wait,
    destroyed_task,
    false_success,
    fork_with_threads,
    late_cancellation,
    leaked_memory,
    local_target,
    never_awaited,
    no_current_loop,
    other_loop,
    running_loop,
    session_per_request,
    signal_handler,
    too_many_files,
    unimportable,
    wrong_thread,
)

TIMEOUT = 20.0  # seconds; only a broken program waits that long
VERSION = sys.version_info[:2]

PAGE = (ROOT / "docs/reference/symptoms.md").read_text(encoding="utf-8")
ENTRY = re.compile(
    r"^\(symptom-(?P<key>[a-z-]+)\)=\n"
    r"### (?P<heading>[^\n]+)\n(?P<body>.*?)(?=^\(symptom-|^## |\Z)",
    re.MULTILINE | re.DOTALL,
)
PARTS = "Cause.", "Cure.", "Shown by", "Discussed in"
PLACES = {
    *("everywhere", "Linux", "macOS", "Windows", "Jupyter"),
    *("fork", "spawn", "forkserver", "free-threaded"),
    *("3.12+", "3.14+ on Linux", "3.14+ also in the main thread", "before 3.12"),
}
THREAD = re.compile(r"\[(\S+) (\d+)\]\(https://github\.com/\S+/(\S+)/\w+/(\d+)\)")


@dataclass(frozen=True)
class Entry:
    """A symptom: the name of its anchor, its heading, and all that is below it."""

    key: str
    heading: str
    body: str

    def part(self, name: str) -> str:
        """Return what follows a part's lead, up to the next paragraph."""
        return self.body.partition(f"\n**{name}** ")[2].partition("\n\n")[0]

    @property
    def programs(self) -> list[str]:
        """Return the names of the programs that show it."""
        return re.findall(r"\{ref\}`([a-z_]+/[a-z_]+)`", self.part("Shown by"))


ENTRIES = [Entry(**found.groupdict()) for found in ENTRY.finditer(PAGE)]
each_entry = pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=entry.key) for entry in ENTRIES]
)


class TestIndex:
    """Every entry has all of its parts, and shows what it speaks of."""

    def test_every_heading_is_an_entry(self) -> None:
        headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
        assert headings == [entry.heading for entry in ENTRIES]
        assert len({entry.key for entry in ENTRIES}) == len(ENTRIES) >= 20

    def test_the_list_at_the_top_names_every_entry_in_order(self) -> None:
        listed = re.findall(r"- \[(.+)\]\(#symptom-(.+)\)$", PAGE, re.MULTILINE)
        assert listed == [(entry.heading, entry.key) for entry in ENTRIES]

    @each_entry
    def test_it_says_where_it_happens(self, entry: Entry) -> None:
        signs = re.findall(r"\[([^]]+)\]\{\.where\}", entry.body)
        assert signs
        assert set(signs) <= PLACES

    @each_entry
    def test_it_has_every_part_in_order(self, entry: Entry) -> None:
        leads = re.findall(r"^\*\*(.+?)\*\* \S", entry.body, re.MULTILINE)
        assert tuple(leads) == PARTS

    @each_entry
    def test_the_message_was_printed_by_a_program_it_links_to(
        self, entry: Entry
    ) -> None:
        outputs = [
            catalogue.find(name).output.read_text(encoding="utf-8")
            for name in entry.programs
        ]
        assert outputs, "no program shows it"
        for message in re.findall(r"`([^`]+)`", entry.heading):
            assert any(message in output for output in outputs), message

    @each_entry
    def test_it_was_discussed_or_says_why_not(self, entry: Entry) -> None:
        said = entry.part("Discussed in")
        found = THREAD.findall(said)
        assert found or said.startswith("no thread: ")
        for name, number, repository, target in found:
            assert (repository, target) == (name, number)

    @each_entry
    def test_it_shows_the_programs_of_this_page_that_it_links_to(
        self, entry: Entry
    ) -> None:
        shown = re.findall(r"/snippets/(symptoms/\w+)\.py", entry.body)
        assert shown == [n for n in entry.programs if n.startswith("symptoms/")]


@pytest.fixture
def deadline(monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
    """Return what notes the deadlines that are set."""
    noted = mock.Mock(wraps=asyncio.timeout)
    monkeypatch.setattr("asyncio.timeout", noted)
    return noted


class TestUnimportable:
    """A function of a script that is in no file is found by nobody else."""

    def test_what_the_child_says(self) -> None:
        text = unimportable.run(unimportable.FUNCTION + unimportable.START)
        message = (
            "module '__main__' has no attribute 'greet'"
            if VERSION >= (3, 14)
            else "Can't get attribute 'greet' on <module '__main__' ("
        )
        assert f"\nAttributeError: {message}" in text
        assert unimportable.error(text) == "AttributeError"

    def test_a_cell_sees_the_module_beside_it(self) -> None:
        assert unimportable.run("import tasks") == ""
        assert unimportable.run("import tasks; print(tasks.a)", "a = 1") == "1\n"

    def test_a_cell_may_fail(self) -> None:
        assert unimportable.run("raise SystemExit('failed')") == "failed\n"


class TestLocalTarget:
    """Only a forked child can do without a name to import."""

    def test_it_is_refused_in_words_that_depend_on_the_version(self) -> None:
        child = multiprocessing.get_context("spawn").Process(
            target=local_target.make_local(), daemon=True
        )
        verb = "get" if VERSION == (3, 13) else "pickle"
        with pytest.raises(Exception, match=f"^Can't {verb} local object "):
            child.start()

    @pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
    def test_a_function_of_a_module_runs_everywhere(self, method: str) -> None:
        assert local_target.start(method, local_target.top_level) == "exit status 0"

    @pytest.mark.skipif(VERSION < (3, 14), reason="it catches what 3.14 raises")
    def test_the_program(self, capsys: pytest.CaptureFixture[str]) -> None:
        local_target.main()
        local, fork, *others, top, fork_2, _, _ = capsys.readouterr().out.splitlines()
        assert local == "make_local.<locals>.local:"
        assert top == "top_level:"
        assert fork == fork_2 == "  fork        exit status 0"
        assert ["local object" in line for line in others] == [True, True]

    def test_a_child_that_fails_is_told_by_its_status(self) -> None:
        assert local_target.start("fork", exit_with_three) == "exit status 3"

    def test_both_functions_do_nothing(self) -> None:
        local_target.make_local()()
        local_target.top_level()


def exit_with_three() -> None:
    """End a child as one that fails does."""
    raise SystemExit(3)


class TestForkWithThreads:
    """Python warns of a fork beside threads, and of nothing else."""

    def test_a_daemon_thread_runs_while_the_child_is_started(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running: list[threading.Thread] = []
        context = mock.Mock()
        context.Process().start = lambda: running.extend(threading.enumerate())
        monkeypatch.setattr("multiprocessing.get_context", lambda _: context)
        before = threading.enumerate()
        assert fork_with_threads.warning("any") == "no warning"
        assert [thread.daemon for thread in running if thread not in before] == [True]
        context.Process.assert_called_with(target=int, daemon=True)

    def test_the_thread_ends_although_the_child_does_not_start(
        self, monkeypatch: pytest.MonkeyPatch, unjoined: set[object]
    ) -> None:
        context = mock.Mock()
        context.Process().start.side_effect = OSError
        monkeypatch.setattr("multiprocessing.get_context", lambda _: context)
        with pytest.raises(OSError, match=r"^$"):
            fork_with_threads.warning("any")
        assert not unjoined


class TestLeakedMemory:
    """The tracker speaks up for the script that does not unlink."""

    def test_only_one_line_differs(self) -> None:
        *same, last = leaked_memory.UNLINKED.splitlines()
        assert same == leaked_memory.CLOSED.splitlines()
        assert last == "    memory.unlink()"

    def test_a_script_that_fails_is_no_success(self) -> None:
        with pytest.raises(Exception, match="non-zero exit status 1"):
            leaked_memory.complaint("raise SystemExit(1)")


class TestChangingDict:
    """The dictionary changes in the middle of the loop, the copy does not."""

    @pytest.mark.parametrize("_", range(5))
    def test_the_dictionary_is_refused(self, _: int) -> None:
        with pytest.raises(RuntimeError, match=r"^dictionary changed size during iter"):
            changing_dict.total(dict.items)

    def test_the_copy_is_added_up(self) -> None:
        assert changing_dict.total(lambda prices: list(prices.items())) == 5

    def test_a_price_is_added_once_the_reading_has_begun(self) -> None:
        prices, turns = {"coffee": 4}, changing_dict.Turns()
        with ThreadPoolExecutor(1) as pool:
            adding = pool.submit(turns.add, prices)
            assert not turns.added.wait(0.05)
            assert prices == {"coffee": 4}
            assert turns.total(list(prices.items())) == 4
            adding.result(TIMEOUT)
        assert prices == {"coffee": 4, "tea": 3}

    def test_a_thread_that_fails_is_reported(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(turns: changing_dict.Turns, _: object) -> None:
            turns.added.set()
            raise LookupError

        monkeypatch.setattr(changing_dict.Turns, "add", fail)
        with pytest.raises(LookupError):
            changing_dict.total(lambda prices: list(prices.items()))


class TestFalseSuccess:
    """Whoever takes no result sees no failure."""

    def test_every_download_fails(self) -> None:
        with pytest.raises(ConnectionRefusedError, match=r"^a$"):
            false_success.download("a")

    def test_what_succeeds_is_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[str] = []
        monkeypatch.setattr(false_success, "download", seen.append)
        assert false_success.careless(["a", "b"]) == "downloaded 2 sites"
        assert false_success.careful(["c"]) == "downloaded 1 sites, failed: 0 set()"
        assert sorted(seen) == ["a", "b", "c"]


class TestNeverAwaited:
    """What is not awaited does not run."""

    def test_the_warning_is_shown_however_warnings_are_set(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            never_awaited.run(never_awaited.forgetful)
        assert "was never awaited" in capsys.readouterr().out


class TestDestroyedTask:
    """A task lives as long as somebody keeps it."""

    def test_without_a_collection_it_lives_on(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gc, "collect", lambda: None)
        gc.disable()
        try:
            asyncio.run(destroyed_task.start())
        finally:
            gc.enable()
        assert capsys.readouterr().out == "  tasks that still listen: 1\n"

    def test_a_kept_task_leaves_the_set_when_it_is_done(self) -> None:
        kept: set[asyncio.Task[None]] = set()
        asyncio.run(destroyed_task.start(kept))  # which cancels what is left
        assert kept == set()

    def test_it_is_kept_meanwhile(self) -> None:
        kept: set[asyncio.Task[None]] = set()

        async def look() -> int:
            await destroyed_task.start(kept)
            return len(kept)

        assert asyncio.run(look()) == 1


class TestRunningLoop:
    """Where a loop runs, another is refused; a thread may have one."""

    def test_a_refused_coroutine_is_closed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        coroutine = mock.Mock()
        monkeypatch.setattr(running_loop, "answer", lambda: coroutine)

        async def call() -> None:
            with pytest.raises(RuntimeError, match="running event loop"):
                running_loop.library()

        asyncio.run(call())
        coroutine.close.assert_called_once_with()


class TestNoCurrentLoop:
    """A thread has no event loop unless one is made; since 3.14 the main one, too."""

    def test_a_thread_has_none_until_one_is_made(self) -> None:
        def ask_then_make() -> int:
            with pytest.raises(RuntimeError, match="no current event loop in thread"):
                asyncio.get_event_loop()
            return asyncio.run(no_current_loop.answer())

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(ask_then_make).result(TIMEOUT) == 42

    @pytest.mark.skipif(VERSION < (3, 14), reason="before 3.14 it makes one")
    def test_the_main_thread_has_none_either(self) -> None:
        with pytest.raises(RuntimeError, match=r"^There is no current event loop in"):
            asyncio.get_event_loop()


class TestClosedLoop:
    """A loop that has been closed takes no more calls."""

    def test_the_work_waits_until_it_may_go_on(self) -> None:
        loop, go_on = mock.Mock(), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(closed_loop.work, loop, go_on)
            assert not threading.Event().wait(0.05)
            assert not working.done()
            loop.call_soon_threadsafe.assert_not_called()
            go_on.set()
            assert working.result(TIMEOUT) == "reported"
        ((callback,),) = (call.args for call in loop.mock_calls)
        callback()


class TestOtherLoop:
    """Queues and futures belong to the loop that they were first used in."""

    @pytest.fixture
    def used(self) -> other_loop.Service:
        """Return a service that has been used in a loop, which is closed."""
        service = other_loop.Service()
        asyncio.run(service.use())
        return service

    def test_its_queue_does_not_work_in_another(self, used: other_loop.Service) -> None:
        with pytest.raises(RuntimeError, match=r"is bound to a different event loop$"):
            asyncio.run(used.use())

    def test_nor_does_its_future(self, used: other_loop.Service) -> None:
        used.queue = asyncio.Queue()
        with pytest.raises(RuntimeError, match=r"attached to a different loop$"):
            asyncio.run(used.use())

    def test_both_made_anew_do(self, used: other_loop.Service) -> None:
        used.queue, used.reply = asyncio.Queue(), None
        asyncio.run(used.use())

    def test_an_item_is_taken_at_once(self) -> None:
        service = other_loop.Service()
        service.queue.put_nowait("item")
        asyncio.run(service.use())
        assert service.queue.empty()


class TestCoroutinesToWait:
    """Coroutines are refused and can be made tasks afterwards."""

    def test_a_coroutine_is_refused_and_a_task_is_not(self) -> None:
        async def wait() -> int:
            coroutine = coroutines_to_wait.answer(7)
            with pytest.raises(TypeError, match="coroutines is forbidden"):
                await asyncio.wait([coroutine])  # type: ignore[type-var]  # the test
            (task,), _ = await asyncio.wait([asyncio.create_task(coroutine)])
            result: int = task.result()
            return result

        assert asyncio.run(wait()) == 49


class TestLateCancellation:
    """At the moment of the result a cancellation must not get lost."""

    def test_what_wait_for_does_depends_on_the_version(self) -> None:
        lost = asyncio.run(late_cancellation.survives(late_cancellation.by_wait_for))
        assert lost == (VERSION == (3, 11))

    def test_timeout_never_loses_it(self) -> None:
        lost = asyncio.run(late_cancellation.survives(late_cancellation.by_timeout))
        assert not lost

    def test_a_waiter_that_swallows_it_survives(self) -> None:
        async def swallow(reply: asyncio.Future[None]) -> None:
            try:
                await reply
            except asyncio.CancelledError:
                if reply.cancelled():  # it did not come in time
                    raise

        assert asyncio.run(late_cancellation.survives(swallow))

    @pytest.mark.parametrize(
        "way", [late_cancellation.by_wait_for, late_cancellation.by_timeout]
    )
    def test_without_a_cancellation_both_wait_for_the_reply(
        self, way: Callable[[asyncio.Future[None]], Any]
    ) -> None:
        async def wait() -> bool:
            reply = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(reply.set_result, None)
            await way(reply)
            return reply.done()

        assert asyncio.run(wait())

    def test_neither_waits_for_ever(self, deadline: mock.Mock) -> None:
        asyncio.run(late_cancellation.survives(late_cancellation.by_timeout))
        deadline.assert_called_once_with(20)

    @pytest.mark.parametrize(
        ("version", "lost"), [((3, 11, 9), True), ((3, 12, 0), False)]
    )
    def test_which_versions_lose_it(
        self,
        version: tuple[int, ...],
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        *,
        lost: bool,
    ) -> None:
        monkeypatch.setattr(late_cancellation, "sys", mock.Mock(version_info=version))
        monkeypatch.setattr(late_cancellation, "survives", lambda _: lost)
        monkeypatch.setattr("asyncio.run", lambda result: result)
        late_cancellation.main()
        assert "3.12 only: True\n" in capsys.readouterr().out


class TestWrongThread:
    """Debug mode refuses a call from another thread."""

    def test_a_queue_with_a_consumer_makes_that_very_call(self) -> None:
        """What `carelessly` does, `put_nowait` does if somebody waits."""

        async def put_from_a_thread() -> None:
            asyncio.get_running_loop().slow_callback_duration = TIMEOUT
            items: asyncio.Queue[str] = asyncio.Queue()
            consumer = items.get()
            consumer.send(None).add_done_callback(lambda _: None)  # as a task does
            with pytest.raises(RuntimeError, match=r"^Non-thread-safe operation"):
                await asyncio.to_thread(items.put_nowait, "an item")
            consumer.close()

        asyncio.run(put_from_a_thread(), debug=True)

    def test_without_debug_mode_nothing_is_said(self) -> None:
        assert asyncio.run(wrong_thread.receive(wrong_thread.carelessly)) == "an item"


class TestTooManyFiles:
    """More at once than the system allows fails, fewer do not."""

    def test_the_program_leaves_the_limit_as_it_was(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        too_many_files.main()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == before

    def test_every_kind_of_error_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        errors = itertools.cycle([OSError("no memory"), OSError("no files")])

        async def fail(_: asyncio.Semaphore) -> None:
            raise next(errors)

        monkeypatch.setattr(too_many_files, "download", fail)
        told = asyncio.run(too_many_files.download_all(1))
        assert told == "no files, no memory"

    def test_the_limit_of_the_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        limit = mock.Mock(return_value=contextlib.nullcontext())
        monkeypatch.setattr(too_many_files, "open_files", limit)
        too_many_files.main()
        limit.assert_called_once_with(most=64)

    def test_the_limit_is_lowered_and_comes_back_after_a_failure(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)

        def fail() -> None:
            with too_many_files.open_files(most=60):
                assert resource.getrlimit(resource.RLIMIT_NOFILE) == (60, before[1])
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == before

    def test_no_more_connections_are_open_than_the_gate_allows(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        open_now: list[int] = []
        most: list[int] = []

        class Connection:
            """Counts how many of it are open."""

            def __enter__(self) -> None:
                open_now.append(1)
                most.append(len(open_now))

            def __exit__(self, *_: object) -> None:
                open_now.pop()

        monkeypatch.setattr(too_many_files, "socket", mock.Mock(socket=Connection))
        assert asyncio.run(too_many_files.download_all(7)) == "all done"
        assert max(most) == 7
        assert len(most) == too_many_files.CONNECTIONS


class TestSessionPerRequest:
    """A session keeps its connection for the next request."""

    def test_it_does_not_wait_for_ever(self, deadline: mock.Mock) -> None:
        session_per_request.main()
        assert mock.call(20) in deadline.mock_calls

    def test_a_page_does_not_come_with_its_head(self) -> None:
        answer = session_per_request.Site().answer(mock.Mock())
        assert asyncio.run(answer).body == bytes(1_000_000)

    def test_a_page_that_is_not_there_is_an_error(self) -> None:
        async def refuse(_: web.Request) -> web.Response:
            raise web.HTTPNotFound

        async def fetch() -> None:
            site = session_per_request.Site()
            with mock.patch.object(site, "answer", refuse):
                async with site.served() as address:
                    await session_per_request.one_session(address)

        with pytest.raises(aiohttp.ClientResponseError, match="404"):
            asyncio.run(fetch())


class TestSignalHandler:
    """The signal arrives, with the method or without."""

    @pytest.fixture(autouse=True)
    def handler(self) -> Iterator[object]:
        """Look whether the handler is what it was before."""
        before = signal.getsignal(signal.SIGTERM)
        yield before
        assert signal.getsignal(signal.SIGTERM) == before

    def test_the_signal_is_waited_for(
        self, deadline: mock.Mock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stop = mock.Mock(wraps=asyncio.Event())
        monkeypatch.setattr("asyncio.Event", lambda: stop)
        asyncio.run(signal_handler.serve())
        stop.wait.assert_called_once_with()
        assert stop.is_set()
        deadline.assert_called_once_with(20)

    def test_the_loops_of_windows_inherit_what_is_called_here(self) -> None:
        base = asyncio.BaseEventLoop
        assert base.add_signal_handler is asyncio.AbstractEventLoop.add_signal_handler
