"""Sessions and commands, in chapters and elsewhere, do what they are shown to do."""

import doctest
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from tests.helpers.fences import COMMANDS, SESSIONS, Fence, fences

GATE = [
    line
    for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
# Which the gate runs, from beginning to end, and these tests within it cannot.
OURS = "nox ", "python -m pip ", "python3 -m venv ", "uvx "
TIME_LIMIT = 60  # seconds for a command


@pytest.mark.parametrize("session", SESSIONS, ids=str)
def test_session_is_true(session: Fence) -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    test = parser.get_doctest(
        session.content, {}, str(session), session.page, session.line
    )
    assert test.examples, f"{session} has no example: begin its lines with >>>"
    assert runner.run(test).failed == 0


def exchanges(content: str) -> list[tuple[str, str]]:
    """Return each command of a block with the output shown for it."""
    _, *parts = f"\n{content}".split("\n$ ")
    pairs = [part.partition("\n") for part in parts]
    return [
        (command, shown and shown.rstrip("\n") + "\n") for command, _, shown in pairs
    ]


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_command_works(block: Fence, tmp_path: Path) -> None:
    assert exchanges(block.content), f"{block} has no command: begin its lines with $"
    for command, shown in exchanges(block.content):
        if command.startswith(OURS):
            ran = any(command in line for line in GATE)
            assert ran, f"{block}: .ci/run does not run `{command}`"
            continue
        printed = run(command, block, tmp_path)
        assert shown in ("", printed), f"{block}: `{command}` printed\n{printed}"


def run(command: str, block: Fence, folder: Path) -> str:
    """Run a command where a reader would: beside the programs of the chapter."""
    for program in catalogue.programs().values():
        if program.chapter == block.chapter:
            shutil.copy(program.path, folder)
    own = Path(sys.executable).parent
    result = subprocess.run(  # noqa: S602 - a command is what the shell makes of it
        command,
        shell=True,
        cwd=ROOT if "-m snippets" in command else folder,
        env=os.environ | {"PATH": f"{own}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert result.returncode == 0, f"{block}: `{command}` failed:\n{result.stderr}"
    return result.stdout


def test_commands_are_told_from_their_output() -> None:
    assert exchanges("$ echo a\na\n$ true\n") == [("echo a", "a\n"), ("true", "")]


def test_no_page_has_python_that_nothing_runs() -> None:
    languages = "python", "py", "python3", "pycon", "ipython", "{code-block}", "{code}"
    assert [str(fence) for fence in fences(*languages)] == []
