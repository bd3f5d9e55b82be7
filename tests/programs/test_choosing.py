"""What the programs of chapter 8 claim."""

import importlib
import itertools
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import MappingProxyType, ModuleType
from unittest import mock

import pytest

from snippets._tools import catalogue
from snippets.choosing import advise, choose, same_code
from tests.helpers.cases import finding_us

needs_interpreters = pytest.mark.skipif(
    sys.version_info < (3, 14), reason="InterpreterPoolExecutor needs Python 3.14"
)


class TestAdvise:
    """CPU time over elapsed time, and what follows from it."""

    @pytest.mark.parametrize("seconds", [[0.25, 0.5, 0.375], [0.5, 0.0, 0.25]])
    def test_the_ratio_is_cpu_over_elapsed_and_the_most_counts(
        self, seconds: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each run takes a tenth of a second, and uses so much CPU time of it."""
        now, used, runs = 0.0, 5.0, 0

        def task() -> None:
            nonlocal now, used, runs
            used += seconds[runs % len(seconds)] / 10
            now += 0.1
            runs += 1

        monkeypatch.setattr("time.perf_counter", lambda: now)
        monkeypatch.setattr("time.thread_time", lambda: used)
        monkeypatch.setattr(advise, "SECONDS", 0.25)
        assert advise.busy(task) == pytest.approx(0.5)
        assert runs == 3

    @pytest.mark.parametrize(
        ("ratio", "releases_gil", "at_once", "advice"),
        [
            (0.0, False, 100, "waits: threads"),
            (0.19, True, 1, "waits: threads"),
            (0.0, False, 101, "waits: asyncio"),
            (0.2, False, 1000, "computes: processes"),
            (1.0, True, 1, "computes without the GIL: threads"),
        ],
    )
    def test_what_is_advised(
        self, ratio: float, advice: str, at_once: int, *, releases_gil: bool
    ) -> None:
        found = advise.advise(ratio, releases_gil=releases_gil, at_once=at_once)
        assert found == advice

    @pytest.mark.parametrize("task", [advise.compute, advise.hash_data])
    def test_computing_uses_cpu_time(self, task: Callable[[], None]) -> None:
        started = time.thread_time()
        task()
        assert time.thread_time() - started > 0.0001

    def test_waiting_uses_no_cpu_time(self) -> None:
        assert advise.busy(lambda: time.sleep(0.05)) < 0.2


class TestChoose:
    """Four answers, and where they lead."""

    PATHS = tuple(itertools.product(*choose.QUESTIONS.values()))
    MODELS = MappingProxyType(
        {
            ("it waits", "up to a hundred", "nothing shared"): "a pool of threads",
            ("it waits", "up to a hundred", "shared data"): "threads and a lock",
            ("it waits", "thousands", "nothing shared"): "asyncio",
            ("it waits", "thousands", "shared data"): "asyncio and a queue",
            ("it computes in Python", "nothing shared"): "a pool of processes",
            ("it computes in Python", "shared data"): "processes and shared memory",
            ("it computes in C", "nothing shared"): "a pool of threads",
            ("it computes in C", "shared data"): "threads and a lock",
            ("both in turn",): "two stages and a queue",
        }
    )

    @pytest.mark.parametrize("path", PATHS, ids=", ".join)
    def test_where_answers_lead(self, path: tuple[str, ...]) -> None:
        found = [m for given, m in self.MODELS.items() if set(given) <= set(path)]
        if "several machines" in path:
            found = ["a cluster, such as Dask"]
        assert [choose.choose(*path).model] == found
        assert choose.choose(*reversed(path)).model == found[0]

    def test_there_are_four_questions_with_answers_of_their_own(self) -> None:
        answers = [a for choices in choose.QUESTIONS.values() for a in choices]
        assert len(self.PATHS) == 32
        assert len(set(answers)) == len(answers)

    def test_every_rule_is_reached_and_leads_to_a_program(self) -> None:
        reached = {choose.choose(*path) for path in self.PATHS}
        assert reached == set(choose.RULES)
        known = catalogue.programs()
        assert {rule.program for rule in reached} <= known.keys()
        assert all(rule.because and rule.beware for rule in reached)

    def test_a_question_ends_as_one_and_a_reason_as_a_part_of_a_sentence(self) -> None:
        assert all(re.fullmatch(r"[A-Z][^?]+\?", text) for text in choose.QUESTIONS)
        for rule in choose.RULES:
            for text in (rule.model, rule.because, rule.beware):
                assert re.fullmatch(r"[a-zC].*\w", text)

    @pytest.mark.parametrize("question", choose.QUESTIONS)
    @pytest.mark.parametrize("how_many", [0, 2])
    def test_a_question_has_one_answer(self, question: str, how_many: int) -> None:
        answers = [
            answer
            for other, choices in choose.QUESTIONS.items()
            for answer in choices[: how_many if other == question else 1]
        ]
        choices = ", ".join(choose.QUESTIONS[question])
        message = re.escape(f"{question} Answer one of: {choices}") + "$"
        with pytest.raises(ValueError, match=message):
            choose.choose(*answers)


class TestSameCode:
    """The result does not depend on the executor."""

    @pytest.mark.parametrize("number", [0, 1, 9, 10, 1000])
    def test_digits(self, number: int) -> None:
        assert same_code.digits(number) == len(f"{2**number:d}")

    def test_any_executor_will_do(self) -> None:
        numbers = list(range(50))
        expected = sum(len(str(2**number)) for number in numbers)
        for make in (ThreadPoolExecutor, ProcessPoolExecutor):
            with make(2) as executor:
                assert same_code.total(executor, numbers) == expected

    def test_where_it_runs(self) -> None:
        with ThreadPoolExecutor(1) as threads:
            assert same_code.where(threads) == "in this process"
        with ProcessPoolExecutor(1) as processes:
            assert same_code.where(processes) == "in others"


@needs_interpreters
class TestInterpreters:
    """One process, several copies of every module."""

    @pytest.fixture(autouse=True)
    def no_visits(self) -> Iterator[None]:
        """Begin and end without marks in this interpreter."""
        visits = importlib.import_module("snippets.choosing.interpreters").visits
        visits.clear()
        yield
        visits.clear()

    def test_a_visit_leaves_a_mark_here(self) -> None:
        program = importlib.import_module("snippets.choosing.interpreters")
        assert program.visit(7) == (7, os.getpid(), 1)
        assert program.visit(8) == (8, os.getpid(), 2)
        assert program.visits == [7, 8]

    def test_a_visit_elsewhere_leaves_none_here(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = importlib.import_module("snippets.choosing.interpreters")
        pools = mock.Mock(side_effect=finding_us(program.InterpreterPoolExecutor))
        monkeypatch.setattr(program, "InterpreterPoolExecutor", pools)
        program.main()
        assert pools.call_args.kwargs["max_workers"] == 1
        assert capsys.readouterr().out.splitlines() == [
            "in this process: True",
            "marks there: [1, 2, 3]",
            "marks here: 0",
            "threads left: 0",
        ]


@pytest.mark.parametrize(
    ("program", "name", "figure"),
    [
        (same_code, "WORKERS", 2),
    ],
)
def test_figures_that_the_text_speaks_of(
    program: ModuleType, name: str, figure: object
) -> None:
    assert getattr(program, name) == figure
