"""The gate refuses: each case is a small project, really built."""

from pathlib import Path

import pytest
from docutils import nodes
from sphinx.pycode import ModuleAnalyzer

from docs._ext.gate import markup
from docs._ext.gate.blocks import RefusedError, classify
from snippets._tools import catalogue
from snippets._tools.evidence import recordings
from tests.helpers.cases import CASES, SOUND, build, expected, lay_out

NEWER = '# /// script\n# requires-python = ">=3.99"\n# ///\n'


def test_a_sound_project_is_built(tmp_path: Path) -> None:
    lay_out(SOUND, tmp_path)
    assert build(tmp_path) == (0, "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_build_says_what_is_wrong(case: Path, tmp_path: Path) -> None:
    lay_out(case, tmp_path)
    status, said = build(tmp_path)
    assert expected(case) in said
    assert status != 0


def test_what_is_wrong_is_said_again_until_it_is_mended(tmp_path: Path) -> None:
    case = SOUND.parent / "python_fence.txt"
    lay_out(case, tmp_path)
    first, second = build(tmp_path), build(tmp_path)
    assert first == second
    assert first[0] != 0
    lay_out(SOUND, tmp_path)
    assert build(tmp_path) == (0, "")


def test_a_program_too_new_for_this_python_is_shown_as_not_run(tmp_path: Path) -> None:
    lay_out(SOUND, tmp_path)
    path = tmp_path / "snippets/basics/hello.py"
    path.write_text(NEWER + path.read_text(encoding="utf-8"), encoding="utf-8")
    recordings.save(catalogue.read(path))
    assert build(tmp_path) == (0, "")
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "Not run for this copy of the site: it needs Python 3.99" in page
    status, said = build(tmp_path, "-Dguide_complete=1")
    assert status != 0
    assert "snippets/basics/hello.py:1: has changed" in said


@pytest.mark.parametrize("name", catalogue.programs())
def test_a_shifted_excerpt_is_refused(name: str) -> None:
    program = catalogue.programs()[name]
    lines = program.path.read_text(encoding="utf-8").splitlines(keepends=True)
    places = ModuleAnalyzer.for_file(program.path, "program").find_tags().values()
    ranges = [(1, len(lines)), *((start, end) for _, start, end in places)]
    for start, end in ranges:
        for first, last in ((start + 1, end), (start, end - 1), (start + 1, end + 1)):
            text = "".join(lines[first - 1 : last])
            with pytest.raises(RefusedError, match="no whole function or class"):
                classify(literal(text, program.path), [program])
    output = program.output.read_text(encoding="utf-8").splitlines(keepends=True)
    for part in (output[1:], output[:-1]):
        with pytest.raises(RefusedError, match="show the whole output"):
            classify(literal("".join(part), program.output), [program])


def literal(text: str, path: Path) -> nodes.literal_block:
    """Return what literalinclude makes of some lines of a file."""
    return nodes.literal_block(text, text, source=str(path))


@pytest.mark.parametrize(
    "text",
    ["fork, spawn", "not run", "a or b", "Python 3.13", "Rule: one lock", "return it"],
)
def test_words_are_not_taken_for_code(text: str) -> None:
    assert not markup.reads_like_code(text, called=True)


@pytest.mark.parametrize(
    "text",
    [
        *("def f(x):", "x = 1", "import os", "print(\u201chello\u201d)", ">>> 1"),
        *("$ ls", "if x: print(x)", "await wait()", "limit: int = 3"),
    ],
)
def test_code_is_not_taken_for_words(text: str) -> None:
    assert markup.reads_like_code(text, called=True)
