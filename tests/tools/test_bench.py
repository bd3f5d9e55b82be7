"""What is measured is what is said, and the text says no more than was measured."""

import asyncio
import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from _pytest.mark import ParameterSet

from snippets._tools.bench import bench, measurements, memory, workloads
from snippets._tools.bench.__main__ import main as run_workload
from snippets._tools.bench.measurements import MeasurementError, Point
from snippets._tools.bench.workloads import UnavailableError
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.runs import processes
from snippets.cases import parallel_data, pickling_cost
from tests.helpers.cases import command, finding_us

KNOWN = {name: measurements.load(name) for name in bench.plans()}
POINT = Point("threads", 2, 1.0, 2.0, 3.0)
interpreters = pytest.mark.skipif(
    sys.version_info < (3, 14), reason="needs Python 3.14, for interpreters"
)
memory_is_told = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(),
    reason="only Linux tells what memory processes share",
)


def smallest() -> Iterator[ParameterSet]:
    """Yield the smallest case of each series, but those of memory."""
    for name, plan in bench.plans().items():
        cases = plan.cases
        for series in dict.fromkeys(series for series, _ in cases):
            x = min(x or 0 for other, x in cases if other == series) or None
            marks = [interpreters] if "interpreter" in series else []
            if name != "memory":
                yield pytest.param(name, series, x, marks=marks)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every workload so small that it can be tried."""
    monkeypatch.setattr(workloads, "WAIT", 0.001)
    monkeypatch.setattr(workloads, "NUMBERS", 8000)
    monkeypatch.setattr(workloads, "TOTAL", 8000**2)
    monkeypatch.setattr(memory, "MANY", {"task": 10, "thread": 3})
    monkeypatch.setattr(memory, "FEW", 1)
    monkeypatch.setattr(parallel_data, "SIZE", 500)
    if sys.version_info >= (3, 14):
        pool = futures.InterpreterPoolExecutor
        monkeypatch.setattr(futures, "InterpreterPoolExecutor", finding_us(pool))


class TestWorkloads:
    """Each does what its name says, as much as is asked for."""

    @pytest.mark.parametrize(("name", "series", "x"), [*smallest()])
    def test_every_series_takes_some_time(
        self, name: str, series: str, x: int | None, small: None
    ) -> None:
        arguments = [] if x is None else [x]
        assert bench.plans()[name].workload(series, *arguments) > 0

    def test_computes_the_work_of_the_program(self, small: None) -> None:
        assert workloads.longest(range(1, 30)) == (111, 27)
        assert workloads.transformed_sum(range(3)) == 1 + 3 + 5

    @pytest.mark.parametrize("kind", ["threads", "tasks"])
    def test_waits_at_once(
        self, kind: str, monkeypatch: pytest.MonkeyPatch, small: None
    ) -> None:
        """All of them meet; one after the other they would wait for ever."""
        if kind == "threads":
            meeting = threading.Barrier(5)
            monkeypatch.setattr(time, "sleep", lambda _: meeting.wait(20))
        else:
            tasks_meet = asyncio.Barrier(5)
            monkeypatch.setattr(asyncio, "sleep", lambda _: tasks_meet.wait())
        workloads.waiting(kind, 5)

    def test_a_wrong_sum_is_no_measurement(
        self, monkeypatch: pytest.MonkeyPatch, small: None
    ) -> None:
        monkeypatch.setattr(workloads, "TOTAL", 1)
        with pytest.raises(RuntimeError, match="a loop: the sum is 64000000, not 1"):
            workloads.data("a loop")

    def test_what_is_handed_over_is_answered_until_nothing_comes(self) -> None:
        sent, answers = iter([b"one", b"two", b"", b"late"]), list[None]()
        workloads.receive(lambda: next(sent), answers.append)
        assert answers == [None, None]

    def test_shared_memory_is_copied_there(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        memory = SharedMemory(create=True, size=10)
        try:
            assert memory.buf is not None
            memory.buf[:3] = b"abc"
            ours.send(3)
            assert workloads.take(memory, theirs) == b"abc"
        finally:
            memory.close()
            memory.unlink()

    @pytest.mark.parametrize(
        ("kind", "count"),
        [
            ("task", lambda: len(asyncio.all_tasks())),
            ("thread", threading.active_count),
            *(
                (kind, lambda: len(multiprocessing.active_children()))
                for kind in bench.KINDS
                if kind.startswith("process")
            ),
            pytest.param(
                "interpreter",
                lambda: len(workloads.since_3_14("concurrent.interpreters").list_all()),
                marks=interpreters,
            ),
        ],
    )
    def test_memory_is_that_of_one_more(
        self,
        kind: str,
        count: Callable[[], int],
        monkeypatch: pytest.MonkeyPatch,
        small: None,
    ) -> None:
        monkeypatch.setattr(memory, "used", lambda: 1000 * count())
        assert memory.memory(kind) == 1000

    @memory_is_told
    def test_memory_is_that_of_all_processes_of_the_group(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = psutil.Process()
        monkeypatch.setattr(processes, "members", lambda *_: [own])
        alone = memory.used()
        assert alone > 1_000_000
        monkeypatch.setattr(processes, "members", lambda *_: [own, own])
        assert memory.used() > 1.5 * alone

    def test_a_process_that_has_just_ended_uses_no_memory(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as process:
            member = psutil.Process(process.pid)
        monkeypatch.setattr(processes, "members", lambda *_: [member])
        assert memory.used() == 0

    def test_where_nothing_tells_the_memory_it_is_not_measured(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            psutil.Process, "memory_full_info", lambda _: SimpleNamespace(uss=1)
        )
        with pytest.raises(UnavailableError, match="proportional set size"):
            memory.used()

    def test_a_start_method_that_is_not_there_is_not_measured(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
        with pytest.raises(UnavailableError, match="this system has no fork"):
            workloads.starting("process, fork")

    def test_an_older_python_has_no_interpreters(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "version_info", (3, 13))
        with pytest.raises(UnavailableError, match=r"needs Python 3\.14"):
            workloads.starting("interpreter")

    def test_prints_what_it_took(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        small: None,
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["bench", "waiting", "tasks", "3"])
        run_workload()
        assert float(capsys.readouterr().out) > 0

    def test_says_why_it_cannot(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["bench", "starting", "process, clone"])
        with pytest.raises(SystemExit) as raised:
            run_workload()
        assert raised.value.code == "this system has no clone"


class TestBench:
    """Measurements are made by turns, and what fails is left out and named."""

    def test_a_run_is_a_process_of_its_own(self) -> None:
        assert 0.5 <= bench.once("waiting", ("tasks", 1)) < 20

    @pytest.mark.parametrize(
        ("case", "limit", "said"),
        [
            (("process, clone", None), 60, "this system has no clone"),
            (("task", 7), 60, "TypeError"),
            (("task", None), 0.01, "took more than 0.01 s"),
        ],
    )
    def test_a_run_that_fails_says_why(
        self, case: bench.Case, limit: float, said: str
    ) -> None:
        with pytest.raises(MeasurementError, match=said):
            bench.once("starting", case, limit)

    def test_cases_take_turns_and_those_that_fail_are_left_out(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[bench.Case] = []

        def once(_: str, case: bench.Case) -> float:
            asked.append(case)
            if case == ("b", 1):
                message = "no b here"
                raise MeasurementError(message)
            return float(len(asked))

        monkeypatch.setattr(bench, "once", once)
        cases: list[bench.Case] = [("a", None), ("b", 1), ("c", None)]
        found = bench.measure("starting", cases, 3)
        a, b, c = cases
        assert asked == [a, b, c, a, c, a, c]
        assert found.points == (Point(*a, 1, 4, 6), Point(*c, 3, 5, 7))
        assert found.missing == {"b, 1": "no b here"}
        assert found.repeats == 3

    def test_each_is_saved_when_it_is_done(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def measure(name: str, _: object, repeats: int) -> measurements.Measurement:
            if name == "memory":
                raise KeyboardInterrupt
            return measurements.measured(
                "data", [POINT], {"forks": "no forks"}, repeats
            )

        monkeypatch.setattr(bench, "measure", measure)
        bench.run(["data"], 1, tmp_path)
        with pytest.raises(KeyboardInterrupt):
            bench.run(["starting", "memory"], 2, tmp_path)
        found = {
            p.stem: measurements.load(p.stem, tmp_path) for p in tmp_path.iterdir()
        }
        assert {n: found[n].repeats for n in found} == {"data": 1, "starting": 2}
        assert "without forks: no forks" in capsys.readouterr().out

    def test_the_command_refuses_what_it_does_not_know(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(monkeypatch, "bench", "speed") == 1
        said = capsys.readouterr().err
        assert "there is no measurement speed, only computing, waiting" in said

    def test_the_command_measures_what_it_is_given(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[tuple[list[str], int]] = []
        monkeypatch.setattr(bench, "run", lambda *given: asked.append(given))
        assert command(monkeypatch, "bench", "data", "--repeats", "2") == 0
        assert asked == [(["data"], 2)]

    def test_none_is_all(self) -> None:
        assert bench.select([]) == list(bench.plans())

    def test_there_are_more_workers_than_cores_and_no_more_than_twice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for cores, most in ((1, 2), (2, 4), (6, 8), (16, 32)):
            monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
            assert max(x or 0 for _, x in bench.plans()["computing"].cases) == most


class TestFile:
    """What is kept is read wholly, or refused; `test_evidence` has the rest."""

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        found = measurements.measured("data", [POINT], {"b": "no b"}, 5)
        measurements.save("data", found, tmp_path)
        assert measurements.load("data", tmp_path) == found

    @pytest.mark.parametrize(
        "points",
        [(("a", 1, 3, 2, 1),), (("a", 1, 0, 2, 3),), (("a", 1, 2),), ()],
        ids=["no order", "nothing", "too few", "none"],
    )
    def test_what_cannot_be_is_refused(
        self, points: tuple[Point, ...], tmp_path: Path
    ) -> None:
        measurements.save(
            "data", measurements.measured("data", points, {}, 5), tmp_path
        )
        with pytest.raises(
            EvidenceError, match=r"data\.json: is no measurement .* nox"
        ):
            measurements.load("data", tmp_path)

    def test_what_has_changed_since_is_not_shown(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        measurements.save(
            "data", measurements.measured("data", [POINT], {}, 5), tmp_path
        )
        with pytest.raises(EvidenceError, match="make it: nox -s bench -- memory"):
            measurements.load("memory", tmp_path)
        other = tmp_path / "pickling_cost.py"
        other.write_text("", encoding="utf-8")
        monkeypatch.setattr(pickling_cost, "__file__", str(other))
        with pytest.raises(EvidenceError, match=r"cost\.py, has changed since"):
            measurements.load("data", tmp_path)


def median(name: str, series: str, x: int | None = None) -> float:
    """Return a figure that is committed."""
    (found,) = (p for p in KNOWN[name].points if (p.series, p.x) == (series, x))
    return found.median


class TestText:
    """What ``reference/measurements`` says is so in the figures beside it."""

    def test_everything_was_measured_of_what_there_is(self) -> None:
        kept = {path.stem for path in measurements.FOLDER.iterdir()}
        assert kept == set(bench.plans())
        for found in KNOWN.values():
            assert found.missing == {}
            assert found.repeats >= 5

    def test_threads_do_not_compute_faster(self) -> None:
        assert median("computing", "threads", 2) > 0.9 * median(
            "computing", "in sequence", 1
        )

    def test_processes_and_interpreters_do(self) -> None:
        alone = median("computing", "in sequence", 1)
        for pool in ("processes", "interpreters"):
            assert median("computing", pool, 2) < 0.8 * alone
            assert median("computing", pool, 4) > 0.8 * median("computing", pool, 2)

    def test_a_hundred_waits_cost_next_to_nothing(self) -> None:
        for kind in ("threads", "tasks"):
            assert median("waiting", kind, 100) < 1.1 * workloads.WAIT

    def test_ten_thousand_threads_take_longer_to_start_than_to_wait(self) -> None:
        assert median("waiting", "threads", 10_000) > 2 * workloads.WAIT
        assert median("waiting", "tasks", 10_000) < 1.5 * workloads.WAIT

    def test_a_task_starts_in_microseconds_a_process_in_milliseconds(self) -> None:
        assert median("starting", "task") < 20e-6
        assert median("starting", "thread") < 1e-3
        for method in workloads.METHODS:
            assert median("starting", f"process, {method}") > 1e-3

    def test_large_things_cost_their_copies(self) -> None:
        small, large = (
            [median("handing_over", way, size) for way in bench.WAYS]
            for size in (100, 10_000_000)
        )
        thread, pipe, queue, memory = large
        assert thread < 3 * small[0]
        assert memory < pipe < queue
        assert min(large[1:]) > 10 * max(small)

    def test_the_way_costs_more_than_the_work(self) -> None:
        loop = median("data", "a loop")
        assert median("data", "processes, as in the article") > 3 * loop
        for variant in ("processes, lists sent", "interpreters, lists sent"):
            assert median("data", variant) > 1.5 * loop
        for variant in ("threads", "processes, ranges sent"):
            assert 0.7 * loop < median("data", variant) < 1.5 * loop
        assert median("data", "NumPy") < loop / 5

    def test_ten_thousand_tasks_fit_where_a_few_processes_do(self) -> None:
        fresh = median("memory", "process, spawn")
        assert 10_000 * median("memory", "task") < 2 * fresh
        assert median("memory", "process, fork") < fresh / 2
