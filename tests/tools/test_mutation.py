"""Tests that are deleted, hollowed or loosened are noticed, without a history."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT, CatalogueError, Program
from snippets._tools.evidence import recordings
from tests.mutation import guards, record
from tests.mutation.__main__ import complaints, mutants_of, picks
from tests.mutation.record import Judged

PROGRAM = '''\
"""Tell what a ticket costs."""


def fare(age: int) -> int:
    """Return the fare."""
    return 1 if age < 6 else 3


def main() -> None:
    """Print what a grown-up pays."""
    print(fare(40))


if __name__ == "__main__":
    main()
'''
HELPERS = "def price(age):\n    return fare.fare(age)\n"
TESTS = f"""\
import pytest
from snippets.case import fare
from tests.helpers.prices import PRICES as KNOWN

{HELPERS}
@pytest.fixture
def offset():
    return 0

class TestFare:
    @pytest.mark.parametrize(("age", "expected"), KNOWN)
    def test_price(self, age, expected, offset, once):
        assert price(age) == expected + offset

def test_of_nothing():
    pass
"""
CONFTEST = """\
import pytest

@pytest.fixture
def server():
    return "nowhere"

@pytest.fixture
def httpbin(server):
    return server

@pytest.fixture
def unjoined():
    return set()

@pytest.fixture(autouse=True)
def always():
    assert True

@pytest.fixture
def once():
    return 1

@pytest.fixture
def unasked():
    return 1
"""
HOLLOW = "from snippets.case import fare\n\ndef test_it():\n    fare.main()\n"
SURVIVOR = """
[[survivor]]
program = "case/fare"
line = "print(fare(40))"
change = "40  ->  41"
reason = "Any grown-up will do."
"""
FILES = "tests/programs/test_case.py", "tests/conftest.py", "tests/helpers/prices.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of one program, with its tests and nothing recorded."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("snippets/_tools", "tests/mutation"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    for name in (
        *("snippets/case", "docs", ".ci"),
        *("tests/programs", "tests/helpers"),
    ):
        (tmp_path / name).mkdir()
    every = "tests/programs/test_every_program.py"
    for name in ("snippets/__init__.py", "pyproject.toml", "tests/__init__.py", every):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / record.CAUGHT).unlink(missing_ok=True)
    (tmp_path / record.SURVIVORS).write_text(SURVIVOR)
    (tmp_path / "snippets/case/fare.py").write_text(PROGRAM)
    (tmp_path / "tests/helpers/prices.py").write_text(
        "PRICES = [(5, 1), (6, 3), (40, 3)]\nOTHERS = []\n"
    )
    (tmp_path / "tests/conftest.py").write_text(CONFTEST)
    (tmp_path / "tests/programs/test_case.py").write_text(TESTS)
    return tmp_path


@pytest.fixture
def fare(project: Path) -> Program:
    """Return the program of the project."""
    return catalogue.read(project / "snippets/case/fare.py")


def edit(file: Path, before: str, after: str) -> None:
    """Replace a part of a file."""
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def try_mutants(project: Path, *arguments: str) -> tuple[int, str]:
    """Try mutants of the project; return the status and all that was said."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.mutation", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


class TestGuards:
    """A program without a test is refused, and a test that changes is noticed."""

    def test_a_program_that_has_tests_is_accepted(
        self, project: Path, fare: Program
    ) -> None:
        assert guards.guards_of(fare, project) == [f"{FILES[0]}::TestFare"]
        assert guards.complaint(fare, project) == ""

    @pytest.mark.parametrize("left", ["", "def test_other():\n    assert True\n", None])
    def test_tests_that_are_deleted_are_missed(
        self, project: Path, fare: Program, left: str | None
    ) -> None:
        file = project / FILES[0]
        if left is None:
            file.unlink()
        else:
            file.write_text(left)
        assert guards.complaint(fare, project).startswith(
            "snippets/case/fare.py:1: no test in tests/programs/test_case.py speaks of "
            "case/fare; write one that fails"
        )

    @pytest.mark.parametrize(
        ("file", "before", "after"),
        [
            (FILES[0], TESTS, HOLLOW),
            (FILES[0], "== expected", ">= expected"),
            (FILES[0], "fare.fare(age)", "3"),
            (FILES[0], "return 0", "return 1"),
            (FILES[0], "prices import PRICES", "prices import OTHERS"),
            (FILES[0], "class TestFare", "@pytest.mark.skip\nclass TestFare"),
            (FILES[0], "import pytest\n", "import pytest\npytestmark = []\n"),
            (FILES[1], "def once():\n    return 1", "def once():\n    return 2"),
            (FILES[1], "assert True", "assert 1"),  # a fixture that all tests get
            (FILES[2], "(5, 1), ", ""),
            ("snippets/case/fare.py", "age < 6", "age < 7"),
        ],
    )
    def test_what_they_consist_of_cannot_change_unnoticed(
        self, project: Path, fare: Program, file: str, before: str, after: str
    ) -> None:
        digest = guards.digest(fare, project)
        edit(project / file, before, after)
        assert guards.digest(fare, project) != digest

    @pytest.mark.parametrize(
        ("file", "before", "after"),
        [
            (FILES[0], "def test_of_nothing", "def test_of_something"),
            (FILES[1], "def unasked():\n    return 1", "def unasked():\n    return 2"),
            (FILES[2], "OTHERS = []", "OTHERS = [1]"),
            (FILES[0], "case import fare", "case import fare, other"),
        ],
    )
    def test_what_others_consist_of_makes_no_difference(
        self, project: Path, fare: Program, file: str, before: str, after: str
    ) -> None:
        digest = guards.digest(fare, project)
        edit(project / file, before, after)
        assert guards.digest(fare, project) == digest


KEYS = [("case/fare", "return 1 if age < 6 else 3", "6  ->  7")] * 9
KEYS.append(("case/fare", "print(fare(40))", "40  ->  41"))


class TestRecord:
    """The record is of these tests, and explains whatever survives."""

    def test_a_sound_one_is_accepted(self, project: Path, fare: Program) -> None:
        record.save(fare, "ttttttooo.", project)
        assert record.complaint(fare, KEYS, project) == ""
        (judged,) = record.load(project).values()
        assert judged.caught == 9

    @pytest.mark.parametrize(
        ("mutants", "said"),
        [
            ("tttttttt..", "survives and is not in tests/mutation/survivors.toml"),
            ("ttttttttt", "does not have the mutants that"),
            ("", "does not have the mutants that"),
        ],
    )
    def test_a_false_one_is_refused(
        self, project: Path, fare: Program, mutants: str, said: str
    ) -> None:
        record.save(fare, mutants, project)
        found = record.complaint(fare, KEYS, project)
        assert found.startswith("snippets/case/fare.py:1: ")
        assert said in found
        assert "nox -s mutants -- case/fare" in found

    def test_reasons_for_everything_are_refused(
        self, project: Path, fare: Program
    ) -> None:
        record.save(fare, "tt.", project)
        said = record.complaint(fare, KEYS[-1:] * 3, project)
        assert "has 1 survivors among 3 mutants; reasons are no tests" in said

    def test_tests_that_changed_are_to_be_tried_again(
        self, project: Path, fare: Program
    ) -> None:
        assert "or its tests have changed since" in record.complaint(
            fare, KEYS, project
        )
        record.save(fare, "ttttttooo.", project)
        (project / FILES[0]).write_text(HOLLOW)
        assert "or its tests have changed since" in record.complaint(
            fare, KEYS, project
        )

    @pytest.mark.parametrize("content", ["[]", "{", '{"case/fare": {"digest": ""}}'])
    def test_a_damaged_one_is_named(self, project: Path, content: str) -> None:
        (project / record.CAUGHT).write_text(content)
        with pytest.raises(CatalogueError, match=r"^tests/mutation/caught.json: is d"):
            record.load(project)

    def test_a_survivor_needs_a_reason(self, project: Path) -> None:
        edit(project / record.SURVIVORS, "reason", "excuse")
        with pytest.raises(CatalogueError, match=r"^tests/mutation/survivors.toml: an"):
            record.survivors(project)


class TestComplaints:
    """What survives and what is listed are the same, but for what comes and goes."""

    @pytest.fixture
    def complain(
        self, fare: Program, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[str], str]:
        """Return what complains about letters for the mutants of the program."""

        def complain(letters: str) -> str:
            known = record.survivors(project)
            with monkeypatch.context() as patch:
                patch.setattr(record, "survivors", lambda: known)
                return "\n".join(complaints(fare, KEYS, letters))

        return complain

    def test_a_listed_survivor_is_expected(
        self, complain: Callable[[str], str]
    ) -> None:
        assert complain("ttttttooo.") == ""
        assert complain("ttttttooot").startswith("listed, but caught, in tests/mut")

    def test_another_is_not(self, complain: Callable[[str], str]) -> None:
        assert complain("tttttto...").startswith("not listed in tests/mutation/surv")

    def test_one_of_some_moments_may_be_either(
        self, project: Path, complain: Callable[[str], str]
    ) -> None:
        with (project / record.SURVIVORS).open("a") as file:
            file.write("sometimes = true\n")
        assert record.survivors(project)[KEYS[-1]].sometimes
        assert complain("ttttttooo~") == ""


def test_a_commit_draws_its_own_mutants_the_same_each_time() -> None:
    programs = [*catalogue.programs().values()][:3]
    letters = {p.name: "t" * len([*mutants_of(p)]) for p in programs}
    judged = {name: Judged("one", mutants) for name, mutants in letters.items()}
    drawn = picks(programs, judged)
    assert {mutant.program for mutant in drawn} == set(programs)
    assert picks(programs, judged) == drawn
    judged |= {programs[0].name: Judged("another", letters[programs[0].name])}
    assert picks(programs, judged) != drawn
    none = {name: Judged("one", len(all_) * "o") for name, all_ in letters.items()}
    assert picks(programs, none) == []


def test_hollow_tests_are_found_even_if_the_record_is_forged(
    project: Path, fare: Program
) -> None:
    fare.output.write_text("3\n")
    recordings.save(fare)
    status, said = try_mutants(project, "changed")
    assert status == 0, said
    assert "commit tests/mutation/caught.json: its record of 1 programs" in said
    honest = (project / record.CAUGHT).read_text()
    assert sorted(record.load(project)["case/fare"].mutants) == sorted("tttt.oooo")
    assert try_mutants(project, "changed")[0] == 0

    (project / FILES[0]).write_text(HOLLOW)
    status, said = try_mutants(project, "changed")
    assert status == 1
    assert "not listed in tests/mutation/survivors.toml: case/fare: `return 1" in said
    assert (project / record.CAUGHT).read_text() == honest

    forged = json.loads(honest)
    forged["case/fare"]["digest"] = guards.digest(fare, project)
    (project / record.CAUGHT).write_text(json.dumps(forged))
    status, said = try_mutants(project, "changed")
    assert status == 1
    assert re.search("says that the tests of case/fare notice it, but no: snip", said)
