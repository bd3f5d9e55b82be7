"""Every program does what it is shown to do, as a reader would run it."""

import doctest
import importlib
import multiprocessing
import sys

import pytest

from snippets import catalogue, output, runner
from snippets.catalogue import ROOT, Program

PROGRAMS = list(catalogue.programs().values())
CHAPTERS = {path.stem for path in (ROOT / "docs/guide").glob("*.md")} - {"index"}


def needs(program: Program) -> list[pytest.MarkDecorator]:
    """Return the mark that skips a program on a Python too old for it."""
    wanted = ".".join(map(str, program.requires_python))
    old = not program.runs_on(sys.version_info[:2])
    return [pytest.mark.skipif(old, reason=f"{program.name} needs Python {wanted}")]


def runs() -> list[object]:
    """Return every program, once for each start method if it starts processes."""
    every = multiprocessing.get_all_start_methods()
    return [
        pytest.param(
            program, method, id=f"{program.name}-{method}", marks=needs(program)
        )
        if method
        else pytest.param(program, None, id=program.name, marks=needs(program))
        for program in PROGRAMS
        for method in (every if program.starts_processes else [None])
    ]


@pytest.mark.parametrize(("program", "start_method"), runs())
def test_prints_its_output(
    program: Program, start_method: str | None, server: str
) -> None:
    where = program.path.relative_to(ROOT)
    anew = f"nox -s record -- {program.name}"
    assert program.output.exists(), f"{where} has no output yet; record it: {anew}"
    result = runner.run(program, start_method=start_method, server=server)
    assert not result.complaint(), f"{where} {result.complaint()}"
    recorded = program.output.read_text(encoding="utf-8")
    difference = output.difference(recorded, result.stdout, program.comparison)
    assert not difference, (
        f"{where} no longer prints what is recorded ({program.comparison}):\n"
        f"{difference}\n"
        f"If the new output is right, record it: {anew}"
    )


@pytest.mark.parametrize(
    "program", [pytest.param(p, id=p.name, marks=needs(p)) for p in PROGRAMS]
)
def test_docstrings_are_true(program: Program) -> None:
    module = importlib.import_module(program.module)
    assert doctest.testmod(module, raise_on_error=False).failed == 0


def test_chapters_folders_and_tests_have_the_same_stems() -> None:
    folders = {program.chapter for program in PROGRAMS}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("*.py")}
    assert folders - CHAPTERS == set(), (
        "folders of programs without a chapter docs/guide/NAME.md"
    )
    assert CHAPTERS - folders == set(), "chapters without a program in snippets/NAME/"
    assert folders - tests == set(), "folders of programs without tests/test_NAME.py"


def test_every_output_belongs_to_a_program() -> None:
    outputs = set(catalogue.SNIPPETS.glob("*/*.out"))
    assert outputs - {program.output for program in PROGRAMS} == set()
