"""What a program did in a run is told as it was, or not at all."""

import asyncio
import json
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from snippets._tools import catalogue, record
from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.runs import runner
from snippets._tools.timeline import analysis, store, watcher, witness
from snippets._tools.timeline.analysis import Run, Span, joined, timeline
from snippets._tools.timeline.store import Segment, Timeline
from snippets._tools.timeline.witness import Event, Look, Thread, Witnessed
from tests.helpers.cases import MakeProgram, command

LEADER = 7
MAIN: Thread = (LEADER, LEADER)
OTHER: Thread = (LEADER, 8)
MS = 1_000_000  # nanoseconds

needs_accounts = pytest.mark.skipif(
    not witness.SCHEDSTAT.exists(),
    reason="only Linux tells when a thread was on a core",
)

Row = tuple[float, Thread, str, tuple[str, ...]]
Told = Callable[[], list[list[str]]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """Return a function that returns what was written down, less time and thread."""
    monkeypatch.setenv(watcher.FOLDER, str(tmp_path))

    def read() -> list[list[str]]:
        lines = [p.read_text().splitlines() for p in tmp_path.iterdir() if p.is_file()]
        return [line.split("\t")[2:] for part in lines for line in part]

    opened: dict[str, int] = {}
    monkeypatch.setattr(watcher, "files", opened)
    yield read
    for file in opened.values():
        os.close(file)


def fresh(name: str) -> ModuleType:
    """Return a copy of a module that may be changed."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call_from(module: str, function: Callable[[], object]) -> None:
    """Call a function as code of a module does."""
    exec("function()", {"__name__": module, "function": function})  # noqa: S102 - ours


class TestWatcher:
    """What is copied into each recorded run does the same here."""

    def test_tells_a_wait_but_not_what_is_within(self, told: Told) -> None:
        inner = watcher.waiting(lambda: "kept", "lock")
        outer = watcher.waiting(inner, "queue")
        assert outer() == "kept"
        assert told() == [["wait", "queue"], ["go"]]

    def test_tells_a_wait_that_fails(self, told: Told) -> None:
        def fail() -> None:
            raise TimeoutError

        for _ in range(2):
            with pytest.raises(TimeoutError):
                watcher.waiting(fail, "io")()
        assert told() == [["wait", "io"], ["go"]] * 2

    @pytest.mark.parametrize(
        ("caller", "kind", "expected"),
        [
            ("concurrent.futures.thread", "queue", "idle"),
            ("asyncio.base_events", "io", "idle"),
            ("asyncio.base_events", "join", "join"),
            ("concurrent.futures._base", "event", "join"),
            ("threading", "event", "event"),
            ("program", "event", "event"),
        ],
    )
    def test_asks_who_waits(
        self, told: Told, caller: str, kind: str, expected: str
    ) -> None:
        call_from(caller, watcher.waiting(lambda: None, kind))
        assert told()[0] == ["wait", expected]

    def test_knows_a_thread_that_waits_for_another_to_start(self, told: Told) -> None:
        names: dict[str, Any] = {"__name__": "threading"}
        exec("def start(function): function()", names)  # noqa: S102 - ours
        names["start"](watcher.waiting(lambda: None, "event"))
        assert told()[0] == ["wait", "start"]

    @pytest.mark.parametrize("make", [watcher.Lock, watcher.RLock])
    def test_tells_of_a_lock_only_if_it_makes_wait(
        self, told: Told, make: type[watcher.Lock]
    ) -> None:
        lock = make()
        with lock:
            taken: list[bool] = []
            for blocking in (True, False):
                thread = threading.Thread(
                    target=lambda b=blocking: taken.append(
                        lock.acquire(b, 0.01 if b else -1)
                    )
                )
                thread.start()
                thread.join()
        assert taken == [False, False]
        assert lock.acquire()
        lock.release()
        assert told() == [["wait", "lock"], ["go"]]
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(lock)

    def test_threads_say_when_they_begin_and_end(self, told: Told) -> None:
        class Started:
            name, _target = "worker", print

            def _bootstrap_inner(self) -> None:
                raise SystemExit

        module = ModuleType("threading")
        module.Thread = Started  # type: ignore[attr-defined]
        watcher.watch_threading(module)
        with pytest.raises(SystemExit):
            Started()._bootstrap_inner()  # noqa: SLF001 - as Python does
        assert told() == [["thread", "builtins", "worker"], ["over"]]
        assert module.Lock is watcher.Lock

    def test_watches_queues(self, told: Told) -> None:
        module = fresh("queue")
        watcher.watch(module)
        items = module.Queue(1)
        items.put("item")
        assert items.get() == "item"
        simple = module.SimpleQueue()
        simple.put("item")
        assert simple.get() == "item"
        assert told() == [["wait", "queue"], ["go"]] * 3

    def test_processes_say_when_they_begin_and_end(self, told: Told) -> None:
        module: Any = ModuleType("multiprocessing.process")
        names = {"name": "Process-1", "_bootstrap": lambda _, code: code}
        module.BaseProcess = type("BaseProcess", (), names)
        watcher.watch(module)
        process = module.BaseProcess()
        assert process._bootstrap(3) == 3  # noqa: SLF001 - that is what is wrapped
        assert told() == [["process", "Process-1"], ["over"]]

    def test_watches_locks_between_processes(self, told: Told) -> None:
        class SemLock:
            acquire: Callable[[], bool]

            def __init__(self) -> None:
                self._make_methods()

            def _make_methods(self) -> None:
                self.acquire = lambda: True

        module = ModuleType("multiprocessing.synchronize")
        module.SemLock = SemLock  # type: ignore[attr-defined]
        watcher.watch_semaphores(module)
        assert SemLock().__enter__()  # type: ignore[attr-defined]
        assert told() == [["wait", "lock"], ["go"]]

    def test_tells_the_steps_of_tasks(self, told: Told) -> None:
        module = fresh("asyncio.events")
        watcher.watch_tasks(module)

        async def nap() -> None:
            await asyncio.sleep(0.001)

        async def run() -> None:
            loop = asyncio.get_running_loop()
            task = asyncio.Task(nap(), name="napper")

            class Step:
                __self__ = task

                def __call__(self) -> None:
                    pass

            run_handle = module.Handle._run  # noqa: SLF001 - that is what is wrapped
            run_handle(module.Handle(Step(), (), loop))
            run_handle(module.Handle(lambda: None, (), loop))
            await asyncio.sleep(0)
            run_handle(module.Handle(Step(), (), loop))
            await task

        asyncio.run(run())
        name = "TestWatcher.test_tells_the_steps_of_tasks.<locals>.nap"
        step = ["step", "1", __name__, name, "napper"]
        lines = [[line[0], "1", *line[2:]] for line in told()]
        assert lines == [step, ["awaits", "1", "other"], step, ["awaits", "1", "sleep"]]

    def test_knows_what_a_task_awaits(self) -> None:
        found: dict[str, str] = {}

        async def gatherer() -> None:
            await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0.01))

        async def look() -> None:
            lock, items = asyncio.Lock(), asyncio.Queue[int]()
            await lock.acquire()
            reader = asyncio.StreamReader()
            future = asyncio.get_running_loop().create_future()
            tasks = {
                "lock": asyncio.ensure_future(lock.acquire()),
                "queue": asyncio.ensure_future(items.get()),
                "sleep": asyncio.ensure_future(asyncio.sleep(0.01)),
                "io": asyncio.ensure_future(reader.read()),
                "join": asyncio.ensure_future(gatherer()),
                "other": asyncio.ensure_future(_await(future)),
            }
            await asyncio.sleep(0)
            for expected, task in tasks.items():
                found[expected] = watcher.awaited(task)
                task.cancel()
            await asyncio.wait(tasks.values())
            found["end"] = watcher.awaited(tasks["lock"])

        asyncio.run(look())
        assert found == {kind: kind for kind in found}

    def test_tells_what_is_printed(
        self, told: Told, capsys: pytest.CaptureFixture[str]
    ) -> None:
        module = ModuleType("builtins")
        module.print = print  # type: ignore[attr-defined]
        watcher.watch(module)
        module.print("two", "words\nand a line", sep="-")
        module.print()
        assert capsys.readouterr().out == "two-words\nand a line\n\n"
        assert told() == [["print", "two-words"], ["print"]]

    def test_watches_what_is_there(
        self, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = ModuleType("here")
        here.nap = lambda: None  # type: ignore[attr-defined]
        monkeypatch.setattr(watcher, "WAITS", {"here": {"nap": "sleep", "gone": "io"}})
        watcher.watch(here)
        here.nap()
        assert told() == [["wait", "sleep"], ["go"]]

    def test_begins_with_main(
        self, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        profiled: list[object] = []
        registered: list[tuple[object, ...]] = []
        monkeypatch.setattr(sys, "setprofile", profiled.append)
        monkeypatch.setattr("atexit.register", lambda *a: registered.append(a))
        monkeypatch.setattr("os.register_at_fork", lambda **hooks: hooks)
        monkeypatch.setattr(sys, "orig_argv", ["python", "example.py"])
        changes: dict[str, object] = {}
        watcher.prepare(changes.__setitem__)
        assert changes == dict.fromkeys(
            {*watcher.WAITS, *watcher.SPECIAL}, watcher.watch
        )
        assert registered == [(watcher.write, "end")]
        assert profiled == [watcher.until_main]
        for name, module in (("helper", "__main__"), ("main", "other")):
            watcher.until_main(frame_of(name, module), "call", None)
        assert told() == []
        watcher.until_main(frame_of("main", "__main__"), "call", None)
        assert told() == [["main"]]
        assert profiled == [watcher.until_main, None]


async def _await(future: "asyncio.Future[None]") -> None:
    await future


def frame_of(function: str, module: str) -> FrameType:
    """Return a frame of a function of a module."""
    names: dict[str, object] = {"__name__": module, "sys": sys}
    exec(f"def {function}(): return sys._getframe()", names)  # noqa: S102 - ours
    frame = names[function]()  # type: ignore[operator]
    assert isinstance(frame, FrameType)
    return frame


def looks(*rows: tuple[float, float, float]) -> list[Look]:
    """Return what the kernel tells, in milliseconds."""
    return [Look(*(round(value * MS) for value in row)) for row in rows]


def events(*rows: Row) -> list[Event]:
    """Return what a program tells, in milliseconds, and that main() takes 100 of them.

    >>> events()[0].what, events()[-1].at
    ('main', 100000000)
    """
    told: list[Row] = [(0.0, MAIN, "main", ()), *rows, (100.0, MAIN, "end", ())]
    return [Event(round(at * MS), who, what, more) for at, who, what, more in told]


def a_run(*rows: Row) -> Run:
    """Return a run in which the program told this, and the kernel nothing."""
    return Run(Witnessed(LEADER, events=events(*rows)))


def in_ms(spans: list[Span]) -> list[tuple[float, float, str]]:
    """Return what a thread did, in milliseconds."""
    return [(start / MS, end / MS, state) for start, end, state in spans]


class TestLanes:
    """Two witnesses, and what they tell together."""

    def test_a_run_without_events_is_one_lane_that_runs(self) -> None:
        found = dict(analysis.lanes(a_run()))
        assert [lane.name for lane in found.values()] == ["main"]
        assert found[MAIN].segments == (Segment(0, 100_000, "running"),)

    def test_a_wait_is_told_even_if_it_never_ends(self) -> None:
        run = a_run((20, MAIN, "wait", ("lock",)))
        assert in_ms(run.spans(MAIN)) == [(0, 20, "running"), (20, 100, "lock")]

    def test_an_end_without_a_beginning_is_nothing(self) -> None:
        run = a_run((20, MAIN, "go", ()))
        assert in_ms(run.spans(MAIN)) == [(0, 100, "running")]

    @pytest.mark.parametrize(
        ("own", "others", "state"),
        [
            ((10, 0), (0, 0), "running"),
            ((0, 10), (0, 0), "core"),
            ((0, 0), (10, 0), "gil"),
            ((0, 0), (0, 0), "other"),
        ],
    )
    def test_the_kernel_tells_what_the_program_does_not(
        self, own: tuple[int, int], others: tuple[int, int], state: str
    ) -> None:
        run = a_run((0, OTHER, "thread", ("__main__", "worker")))
        for thread, (on_core, in_line) in ((MAIN, own), (OTHER, others)):
            rows = looks((0, 0, 0), (10, on_core, in_line), (100, 90, 0))
            run.accounts[thread] = analysis.Account(rows)
        assert in_ms(run.spans(MAIN))[0] == (0, 10, state)

    def test_what_is_told_late_goes_before_it_was_told(self) -> None:
        account = analysis.Account(looks((0, 0, 0), (10, 0, 0), (20, 4, 12)))
        assert account.on_core(16 * MS, 20 * MS) == 1
        assert account.in_line(4 * MS, 16 * MS) == 1
        assert account.on_core(0, 4 * MS) == account.in_line(0, 4 * MS) == 0

    def test_threads_are_named_and_helpers_left_out(self) -> None:
        child: Thread = (9, 9)
        run = a_run(
            (1, OTHER, "thread", ("__main__", "worker")),
            (1, (LEADER, 10), "thread", ("multiprocessing.queues", "Feeder")),
            (2, child, "process", ("Process-1",)),
            (3, (9, 11), "thread", ("__main__", "Thread-1 (work)")),
            (3, (12, 12), "main", ()),
            (3, (13, 13), "wait", ("io",)),
        )
        assert run.names == {
            MAIN: "main",
            (LEADER, 8): "worker",
            child: "Process-1",
            (9, 11): "Process-1: Thread-1 (work)",
            (12, 12): "another program",
        }

    def test_a_thread_is_there_from_its_first_sign_to_its_last(self) -> None:
        run = a_run(
            (1, OTHER, "thread", ("__main__", "worker")),
            (30, OTHER, "wait", ("sleep",)),
            (50, OTHER, "go", ()),
        )
        run.seen.looks[OTHER] = looks((-5, 0, 0), (60, 1, 0))
        assert run.lifetime(OTHER) == (0, 60 * MS)
        assert run.lifetime(MAIN) == (0, 100 * MS)

    def test_a_thread_that_the_kernel_was_not_asked_about_has_a_lane(self) -> None:
        run = a_run(
            (1, OTHER, "thread", ("__main__", "worker")),
            (1.2, OTHER, "over", ()),
        )
        names = {lane.name: lane.segments for _, lane in analysis.lanes(run)}
        assert names["worker"] == (Segment(1000, 1200, "running"),)

    def test_a_thread_that_was_there_at_no_time_of_main_has_no_lane(self) -> None:
        run = a_run((1, OTHER, "thread", ("__main__", "brief")))
        assert run.lifetime(OTHER) == (MS, MS)
        assert [found.name for _, found in analysis.lanes(run)] == ["main"]

    def test_tasks_run_while_their_thread_does(self) -> None:
        step = ("step", ("1", "__main__", "main.<locals>.fetch", "Task-3"))
        own = ("step", ("2", "asyncio.base_events", "shutdown", "Task-4"))
        run = a_run(
            (10, MAIN, *step),
            (12, MAIN, "wait", ("sleep",)),
            (15, MAIN, "go", ()),
            (20, MAIN, "awaits", ("1", "io")),
            (30, MAIN, *step),
            (31, MAIN, "awaits", ("1", "end")),
            (40, MAIN, *own),
            (41, MAIN, "awaits", ("2", "other")),
        )
        [(began, name, spans)] = run.tasks(MAIN)
        assert (began, name) == (10 * MS, "fetch (Task-3)")
        assert in_ms(spans) == [
            (10, 12, "running"),
            (12, 15, "sleep"),
            (15, 20, "running"),
            (20, 30, "io"),
            (30, 31, "running"),
        ]
        assert [lane.kind for _, lane in analysis.lanes(run)] == ["thread", "task"]

    def test_a_task_that_is_never_done_waits_until_the_end(self) -> None:
        run = a_run(
            (10, MAIN, "step", ("1", "__main__", "wait", "waiter")),
            (11, MAIN, "awaits", ("1", "event")),
        )
        [(_, name, spans)] = run.tasks(MAIN)
        assert (name, in_ms(spans)[-1]) == ("waiter", (11, 100, "event"))

    def test_no_lane_is_finer_than_it_can_be_seen(self) -> None:
        spans: list[Span] = []
        for start in range(0, 4200 * MS, 2 * MS):
            rests = "io" if start < 2100 * MS else "lock"
            spans.append((start, start + MS // 2, "running"))
            spans.append((start + MS // 2, start + 2 * MS, rests))
        lane = analysis.lane("thread", "busy", spans, 0)
        assert lane.segments == (
            Segment(0, 2_100_000, "io"),
            Segment(2_100_000, 4_200_000, "lock"),
        )
        gap = [Segment(0, 10, "io"), Segment(20, 30, "io")]
        assert joined(gap, 1) == gap

    def test_of_a_hundred_lanes_some_are_left_out_and_counted(
        self, make_program: MakeProgram
    ) -> None:
        threads = [(LEADER, number) for number in range(100, 200)]
        rows = [
            row
            for thread in threads
            for row in (
                (1.0, thread, "thread", ("__main__", "many")),
                (2.0, thread, "wait", ("sleep",)),
                (3.0, thread, "print", ("hello",)),
            )
        ]
        seen = Witnessed(LEADER, events=events(*rows, (4.0, MAIN, "print", ())))
        found = timeline(make_program("pass"), seen)
        assert len(found.lanes) == analysis.MOST_LANES
        assert found.left_out == 101 - analysis.MOST_LANES
        assert [(m.at, m.lane, m.text) for m in found.moments[:1]] == [
            (3000, 1, "hello")
        ]
        assert len(found.moments) == analysis.MOST_LANES - 1

    def test_what_others_took_is_what_a_recording_should_not_have(
        self, make_program: MakeProgram
    ) -> None:
        found = timeline(make_program("pass"), Witnessed(LEADER, events=events()))
        assert analysis.disturbed(found) == 0
        late = analysis.lane(
            "thread", "late", [(0, MS, "core"), (MS, 2 * MS, "other")], 0
        )
        assert analysis.disturbed(replace(found, lanes=(late,))) == 2000


TWO_THREADS = """\
import threading, time
def work(done):
    done.wait(timeout=20)
done = threading.Event()
worker = threading.Thread(target=work, args=(done,), name="worker")
worker.start()
time.sleep(0.02)
print("now")
done.set()
worker.join()
"""


@needs_accounts
class TestWitness:
    """A program is run as a reader would run it, and watched."""

    def test_both_witnesses_are_heard(self, make_program: MakeProgram) -> None:
        program = make_program(TWO_THREADS)
        program.output.write_text("now\n", encoding="utf-8")
        seen = witness.witness(program, None)
        found = timeline(program, seen)
        assert [lane.name for lane in found.lanes] == ["main", "worker"]
        states = [{segment.state for segment in lane.segments} for lane in found.lanes]
        assert {"running", "sleep"} <= states[0]
        assert "event" in states[1]
        assert [moment.text for moment in found.moments] == ["now"]
        assert seen.looks[seen.leader, seen.leader]

    def test_a_thread_that_does_nothing_is_seen(
        self, make_program: MakeProgram
    ) -> None:
        program = make_program(
            """\
            import threading
            for number in range(9):
                worker = threading.Thread(target=int, name=f"worker {number}")
                worker.start()
                worker.join()
            """
        )
        program.output.write_text("", encoding="utf-8")
        found = timeline(program, witness.witness(program, None))
        names = ["main", *(f"worker {number}" for number in range(9))]
        assert [lane.name for lane in found.lanes] == names

    def test_one_that_prints_something_else_is_refused(
        self, make_program: MakeProgram
    ) -> None:
        program = make_program("print('this')")
        program.output.write_text("that\n", encoding="utf-8")
        with pytest.raises(CatalogueError, match=r"(?s)watched.*\+this"):
            witness.witness(program, None)

    def test_one_that_hangs_is_killed_and_refused(
        self, make_program: MakeProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "TIME_LIMIT", 0.2)
        monkeypatch.setattr(runner, "GRACE", 0.5)
        program = make_program("import time\ntime.sleep(600)")
        program.output.write_text("", encoding="utf-8")
        with pytest.raises(CatalogueError, match="in main"):
            witness.witness(program, None)

    def test_a_system_without_accounts_is_named(
        self, make_program: MakeProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(witness, "SCHEDSTAT", Path("/proc/none/schedstat"))
        with pytest.raises(CatalogueError, match="Linux that has it"):
            witness.witness(make_program("pass"), None)

    def test_a_line_that_was_cut_is_left_out(self, tmp_path: Path) -> None:
        text = f"1\t{LEADER}\tprint\thello\n2\t{LEADER}\tpri"
        (tmp_path / str(LEADER)).write_text(text, encoding="utf-8")
        assert list(witness.told(tmp_path)) == [Event(1, MAIN, "print", ("hello",))]


class TestRecording:
    """A timeline belongs to the program that it was recorded from."""

    @pytest.fixture
    def recorded(self, make_program: MakeProgram) -> tuple[Program, Timeline]:
        """Return a program, and its timeline, which has been saved."""
        program = make_program("import threading")
        rows = ((10.0, MAIN, "wait", ("lock",)), (20.0, MAIN, "print", ("hello",)))
        found = timeline(program, Witnessed(LEADER, events=events(*rows)))
        store.save(found, program)
        return program, found

    def test_is_read_as_it_was_saved(self, recorded: tuple[Program, Timeline]) -> None:
        program, found = recorded
        assert store.load(program) == found
        assert store.complaint(program) == ""

    def test_is_refused_when_the_program_changes(
        self, recorded: tuple[Program, Timeline]
    ) -> None:
        program, _ = recorded
        program.path.write_text(program.path.read_text() + "# more\n")
        said = store.complaint(program)
        assert said.startswith("snippets/case/example.py:1: has changed since its time")
        assert said.endswith("record it: nox -s record -- case/example")

    def test_is_refused_when_it_is_edited(
        self, recorded: tuple[Program, Timeline]
    ) -> None:
        path = store.path_of(recorded[0])
        text = path.read_text(encoding="utf-8").replace('"lock"', '"running"')
        path.write_text(text, encoding="utf-8")
        assert "its seal does not fit" in store.complaint(recorded[0])

    @pytest.mark.parametrize(
        "segment", [(0, 9, "luck"), (9, 0, "lock"), ("0", 9, "lock")]
    )
    def test_is_refused_when_it_cannot_be(
        self, recorded: tuple[Program, Timeline], segment: tuple[int, int, str]
    ) -> None:
        program, found = recorded
        lane = replace(found.lanes[0], segments=(Segment(*segment),))
        store.save(replace(found, lanes=(lane,)), program)
        assert "is no timeline" in store.complaint(program)

    def test_is_missed_only_where_it_is_needed(self, make_program: MakeProgram) -> None:
        assert "has no timeline yet" in store.complaint(
            make_program("import threading")
        )
        assert store.complaint(make_program("pass")) == ""

    @pytest.mark.parametrize(
        ("runs", "kept"),
        [
            (["ab", "ab", "ab"], 0),
            (["a", "ab", "a", "ab"], 1),  # most lanes go before least disturbed
            (["ab", "a", "abb", "ab", "a", "a", "a", "a"], None),
        ],
    )
    def test_runs_have_to_agree_about_the_lanes(
        self,
        recorded: tuple[Program, Timeline],
        monkeypatch: pytest.MonkeyPatch,
        runs: list[str],
        kept: int | None,
    ) -> None:
        program, found = recorded
        timelines = [
            replace(
                found,
                length=number,
                lanes=tuple(
                    analysis.lane("thread", name, [(0, len(names) * MS, "core")], 0)
                    for name in names
                ),
            )
            for number, names in enumerate(runs)
        ]
        seen = iter(timelines)
        monkeypatch.setattr(witness, "witness", lambda *_: None)
        monkeypatch.setattr(analysis, "timeline", lambda *_: next(seen))
        monkeypatch.setattr(catalogue, "programs", lambda: {program.name: program})
        recording = record.record([program.name], timelines_only=True)
        if kept is None:
            with pytest.raises(CatalogueError, match="about what there was: b only"):
                list(recording)
        else:
            list(recording)
            assert store.load(program) == timelines[kept]

    @needs_accounts
    def test_is_recorded_by_a_command(
        self,
        only_program: MakeProgram,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        program = only_program(TWO_THREADS)
        assert command(monkeypatch, "record", program.name) == 0
        assert "recorded case/example, 2 lanes" in capsys.readouterr().out
        saved = json.loads(store.path_of(program).read_text(encoding="utf-8"))
        assert [name for _, name, _ in saved["lanes"]] == ["main", "worker"]
        program.output.write_text("then\n", encoding="utf-8")
        assert command(monkeypatch, "record", "--timelines", program.name) == 1
        assert program.output.read_text(encoding="utf-8") == "then\n"


@pytest.mark.parametrize(
    "name", [p.name for p in catalogue.programs().values() if p.concurrent]
)
def test_every_concurrent_program_has_a_timeline_of_what_it_prints(name: str) -> None:
    program = catalogue.find(name)
    found = store.load(program)
    for lane in found.lanes:
        for before, after in zip(lane.segments, lane.segments[1:], strict=False):
            assert before.end <= after.start
        assert 0 <= lane.segments[0].start <= lane.segments[-1].end <= found.length
    assert all(0 <= moment.at <= found.length for moment in found.moments)
    assert found.left_out == 0 or len(found.lanes) == analysis.MOST_LANES
