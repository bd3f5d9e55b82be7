"""Sessions and commands, in chapters and elsewhere, do what they are shown to do."""

import doctest
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from snippets._tools import catalogue
from snippets._tools import fences as finder
from snippets._tools.catalogue import ROOT
from snippets._tools.fences import COMMAND, NOT_COMPARED, SESSION, Fence, exchanges
from tests.helpers.fences import COMMANDS, PAGES, SESSIONS

GATE = [
    line
    for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
TIME_LIMIT = 60  # seconds for a command


@pytest.mark.parametrize("session", SESSIONS, ids=str)
def test_session_is_true(session: Fence) -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    test = parser.get_doctest(
        session.content, {}, str(session), session.page, session.line
    )
    assert test.examples, f"{session} has no example: begin its lines with >>>"
    assert runner.run(test).failed == 0


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_command_works(block: Fence, tmp_path: Path) -> None:
    assert exchanges(block.content), f"{block} has no command: begin its lines with $"
    for command, shown in exchanges(block.content):
        if command.startswith(NOT_COMPARED):
            assert not shown, f"{block}: nothing compares the output of `{command}`"
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


def test_docstrings_of_the_finder_are_true() -> None:
    results = doctest.testmod(finder)
    assert results.attempted > 0
    assert results.failed == 0


def test_commands_are_told_from_their_output() -> None:
    assert exchanges("$ echo a\na\n$ true\n") == [("echo a", "a\n"), ("true", "")]


# Besides directives, of which the build refuses those that nothing verifies.
VERIFIED = {COMMAND, SESSION}
UNVERIFIED = {"{code-block}", "{code}", "{sourcecode}", "{parsed-literal}", "{math}"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT))
def test_a_page_has_no_block_that_nothing_verifies(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert list(unverified(text, is_root=path.parent == ROOT)) == []


def unverified(text: str, *, is_root: bool) -> Iterator[str]:
    """Yield the line and kind of each block of a page that nothing verifies.

    Pages at the root are not built, so they have no directives but in samples, which
    are shown as Markdown, and whose lines stand in a page that is built.
    """
    for token in MarkdownIt().enable("table").parse(text):
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        line = token.map[0] + 1 if token.map else 0
        inside = {child.type for child in token.children or []}
        if token.type == "fence" and language == "markdown" and is_root:
            if not any({*token.content.splitlines()} <= page for page in BUILT):
                yield f"{line}: a sample that stands in no page of docs/"
        elif token.type == "fence":
            directive = language.startswith("{") and language not in UNVERIFIED
            if language not in VERIFIED and (is_root or not directive):
                yield f"{line}: {language or 'a fence without a language'}"
        elif token.type in {"code_block", "html_block"}:
            yield f"{line}: {token.type}"
        elif is_root and inside & {"html_inline", "image"}:
            yield f"{line}: HTML or an image"


BUILT = [
    {*path.read_text(encoding="utf-8").splitlines()}
    for path in PAGES
    if path.parent != ROOT
]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```\n1\n```", "1: a fence without a language"),
        ("```text\n1\n```", "1: text"),
        ("- a\n\n  ```sh\n  ls\n  ```", "3: sh"),
        ("a\n\n    indented()", "3: code_block"),
        ("````markdown\n```{nothing}\n```\n````", "1: a sample that stands in no page"),
        ("```{doctest}\n>>> 1\n1\n```", None),
        ("```{timeline} a/b\n```", "1: {timeline}"),
        ("<pre>1</pre>", "1: html_block"),
        ("a <code>1</code>", "1: HTML or an image"),
        ("![1](1.png)", "1: HTML or an image"),
        ("```console\n$ true\n```", None),
    ],
)
def test_what_nothing_verifies_is_found(text: str, said: str | None) -> None:
    found = list(unverified(text, is_root=True))
    assert len(found) == (said is not None)
    assert all(said and line.startswith(said) for line in found)


def test_no_page_is_in_another_markup() -> None:
    own = {"build", ".nox", ".venv", ".git"}
    others = [
        path.relative_to(ROOT).as_posix()
        for end in ("rst", "markdown", "ipynb")
        for path in ROOT.rglob(f"*.{end}")
        if not own & {*path.relative_to(ROOT).parts}
        and "site-packages" not in path.parts
    ]
    assert others == []
