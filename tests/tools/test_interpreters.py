"""A program is run by a Python that has what it needs, or what it lacks is said."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from snippets._tools import catalogue, interpreters
from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.runs import runner
from snippets._tools.timeline import witness
from tests.helpers.cases import MakeProgram, command

LastLine = Callable[[Program], str]

MENDED = "Nothing was recorded; when that is mended, record it: nox -s record -- "
NEEDS = '# /// script\n# requires-python = ">=3.{}"\n# dependencies = {}\n# ///\n'
NOWHERE = NEEDS.format(11, '["no-such-package>=2"]')
TOO_NEW = NEEDS.format(99, "[]")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project in which nox has made a Python: this one, by another name."""
    python = tmp_path / ".nox/tests/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return tmp_path


def test_a_program_that_has_all_lacks_nothing(make_program: MakeProgram) -> None:
    program = make_program("pass", "Do it.", NEEDS.format(11, '["pytest>=9"]'))
    assert interpreters.missing(program, served=True) == []


@pytest.mark.parametrize("served", [True, False])
def test_a_python_that_has_all_is_found(
    make_program: MakeProgram, root: Path, *, served: bool
) -> None:
    program = make_program("pass", "Do it.", NEEDS.format(11, '["pytest>=9"]'))
    found = interpreters.other(program, served=served, root=root)
    assert found == root / ".nox/tests/bin/python"


@pytest.mark.parametrize("head", [NOWHERE, TOO_NEW])
def test_a_python_that_lacks_something_is_not(
    make_program: MakeProgram, root: Path, head: str
) -> None:
    program = make_program("pass", "Do it.", head)
    assert interpreters.other(program, served=False, root=root) is None


def test_it_is_asked_to_run_the_program(
    only_program: MakeProgram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = only_program("pass", "Do it.", NOWHERE)
    monkeypatch.setattr(interpreters, "other", lambda *_, **__: Path(sys.executable))
    asked: list[list[str]] = []

    def run(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(arguments)
        return subprocess.CompletedProcess(arguments, 7)

    monkeypatch.setattr(subprocess, "run", run)
    assert command(monkeypatch, "run", program.name) == 7
    assert asked == [[sys.executable, "-m", "snippets", "run", program.name]]


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (NOWHERE, f"3.11 or newer, no-such-package; {sys.executable} lacks no-such"),
        (TOO_NEW, f"Python 3.99 or newer; {sys.executable} is too old"),
    ],
)
def test_without_one_the_cure_is_said_in_a_line(
    head: str,
    what: str,
    only_program: MakeProgram,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = only_program("pass", "Do it.", head)
    assert command(monkeypatch, "run", program.name) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {program.name} needs Python ")
    assert what in said
    assert said.endswith("uv run snippets/case/example.py\n")
    assert said.count("\n") == 1


def test_what_no_python_here_may_do_is_said(
    only_program: MakeProgram,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(catalogue, "_may_look_into_processes", lambda: False)
    program = only_program(f"print('{catalogue.PTRACE}')")
    assert command(monkeypatch, "run", program.name) == 1
    assert "leave to look into other processes" in capsys.readouterr().err


def test_a_server_that_does_not_start_is_said_in_a_line(
    only_program: MakeProgram,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def broken() -> Iterator[str]:
        message = "the local server did not start"
        raise RuntimeError(message)
        yield ""

    monkeypatch.setattr(runner, "local_server", broken)
    monkeypatch.delenv("HTTPBIN_URL", raising=False)
    program = only_program("import os\nprint(os.environ['HTTPBIN_URL'])")
    assert command(monkeypatch, "run", program.name) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: the local server did not start, see above; ")
    assert said.count("\n") == 1


@pytest.fixture
def last_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> LastLine:
    """Return a function that records a program in vain; it gives what is said last."""

    def record(program: Program) -> str:
        assert command(monkeypatch, "record", program.name) == 1
        return capsys.readouterr().err.splitlines()[-1]

    return record


@pytest.mark.parametrize(
    ("body", "head", "says"),
    [
        ("pass", TOO_NEW, "needs Python 3.99, this is 3.*nox -P 3.99 -s record -- "),
        ("raise ValueError('no')", "", MENDED),
        ("import time\nprint(time.perf_counter_ns())", "", MENDED),
    ],
)
def test_what_cannot_be_recorded_ends_with_the_cure(
    body: str, head: str, says: str, only_program: MakeProgram, last_line: LastLine
) -> None:
    said = last_line(only_program(body, "Do it.", head))
    assert re.search(f"{says}.*case/example", said), said


def test_what_is_different_when_it_is_watched_ends_with_the_cure(
    only_program: MakeProgram, last_line: LastLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def different(*_: object) -> None:
        message = "it does something else when it is watched:\n+hello\n"
        raise CatalogueError(message)

    monkeypatch.setattr(witness, "witness", different)
    program = only_program("import threading\nprint(threading.active_count())")
    said = last_line(program)
    assert said.endswith("record it: nox -s record -- --timelines case/example")
    assert program.output.exists()
