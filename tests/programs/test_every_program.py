"""Every program does what it is shown to do, as a reader would run it."""

import ast
import doctest
import importlib
import re
import threading
from multiprocessing.process import BaseProcess

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT, Program
from snippets._tools.evidence import ledger, recordings
from snippets._tools.evidence.problems import problems
from snippets._tools.runs import output, verify
from snippets._tools.timeline import store
from tests.mutation import guards, record
from tests.mutation.__main__ import mutants_of

ALONE = {
    "performance/log_names": "sets up logging, which pytest has set up already",
    "processes/told_to_end": "is ended by a handler that is set below its guard",
    "symptoms/local_target": "makes children that cannot be started, so not joined",
}
OF_LIBRARIES = r"^QueueFeederThread$|PoolWorker-"  # which end them in their own way
PROGRAMS = list(catalogue.programs().values())
CHAPTERS = {path.stem for path in (ROOT / "docs/guide").glob("*.md")} - {"index"}
CHAPTERS |= {"symptoms"}  # docs/reference/symptoms.md has programs of its own as well


def needs(program: Program) -> list[pytest.MarkDecorator]:
    """Return the mark that skips a program that cannot be run here."""
    reason = f"{program.name} {program.obstacle}"
    return [pytest.mark.skipif(bool(program.obstacle), reason=reason)]


def runs() -> list[object]:
    """Return every program, once for each start method if it starts processes."""
    return [
        pytest.param(
            program,
            method,
            id=f"{program.name}-{method}" if method else program.name,
            marks=needs(program),
        )
        for program in PROGRAMS
        for method in verify.start_methods(program)
    ]


@pytest.mark.parametrize(("program", "start_method"), runs())
def test_prints_its_output(
    program: Program,
    start_method: str | None,
    server: str,
) -> None:
    verdict = verify.check(program, start_method, server)
    ledger.save(verdict.run)
    assert not verdict.complaint, str(verdict)


@pytest.mark.parametrize(
    "program",
    [pytest.param(p, id=p.name, marks=needs(p)) for p in PROGRAMS],
)
def test_main_does_so_in_this_process_as_well(
    program: Program,
    httpbin: str,
    unjoined: set[threading.Thread | BaseProcess],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if program.name in ALONE:
        pytest.skip(f"{program.name} {ALONE[program.name]}")
    module = importlib.import_module(program.module)
    if program.needs_server:
        monkeypatch.setattr(module, "ADDRESS", httpbin)
    module.main()
    recorded = program.output.read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    assert output.difference(recorded, printed, program.comparison) == ""
    left = [w for w in unjoined if not re.search(OF_LIBRARIES, w.name)]
    assert left == [], "it does not join what it has started"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_run_is_all_that_it_takes_to_be_shown(program: Program) -> None:
    run = ledger.ran(program, None, passed=True, seconds=0.1)
    assert problems(program, {program.name: [run]}) == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_no_process_holds_it_up(program: Program) -> None:
    # At its exit Python joins every child, unless it is a daemon: then it ends it.
    source = program.path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)) if program.starts_processes else ():
        match node:
            case ast.Call(func=function, keywords=[ast.keyword(arg="target"), *_]):
                if ast.unparse(function) != "threading.Thread":
                    where = f"{program.path.relative_to(ROOT)}:{node.lineno}"
                    held = "daemon=True" in ast.unparse(node) or ".kill()" in source
                    assert held, f"{where}: add daemon=True, or kill() it in the end"


@pytest.mark.parametrize(
    "program", [pytest.param(p, id=p.name, marks=needs(p)) for p in PROGRAMS]
)
def test_docstrings_are_true(program: Program) -> None:
    module = importlib.import_module(program.module)
    assert doctest.testmod(module, raise_on_error=False).failed == 0


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_has_tests_of_what_it_claims(program: Program) -> None:
    assert guards.complaint(program) == ""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_its_mutants_have_been_tried_with_these_tests(program: Program) -> None:
    keys = [mutant.key for mutant in mutants_of(program)]
    assert record.complaint(program, keys) == ""


def test_chapters_folders_and_tests_have_the_same_stems() -> None:
    folders = {program.chapter for program in PROGRAMS}
    tests = {
        path.stem.removeprefix("test_")
        for path in (ROOT / "tests/programs").glob("test_*.py")
    }
    assert folders - CHAPTERS == set(), (
        "folders of programs without a chapter docs/guide/NAME.md"
    )
    assert CHAPTERS - folders == set(), "chapters without a program in snippets/NAME/"
    assert folders - tests == set(), "folders without tests/programs/test_NAME.py"


def test_everything_recorded_belongs_to_a_program() -> None:
    known = {
        path
        for program in PROGRAMS
        for path in (
            program.output,
            recordings.path_of(program),
            *([store.path_of(program)] if program.concurrent else []),
        )
    }
    folders = {program.path.parent for program in PROGRAMS}
    found = {p for f in folders for p in f.iterdir() if p.suffix in {".out", ".json"}}
    assert found - known == set(), "delete what belongs to no program any more"


def test_what_has_been_tried_is_not_called_untried() -> None:
    names = {program.name for program in PROGRAMS}
    assert record.untried() <= names - set(record.load()), "take it off the list"
