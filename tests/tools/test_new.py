"""A new example is begun where it belongs, or nothing is written at all."""

import ast
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from snippets._tools import catalogue, new
from snippets._tools.catalogue import CatalogueError
from tests.helpers.cases import command

TESTS = '''\
"""Tests."""

from pathlib import (
    Path,
)


def test_old() -> None:
    assert Path()
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with a chapter, whose page has no end of line at its end."""
    for path, text in {
        "docs/guide/threads.md": "# 2. Threads\n",
        "docs/reference/symptoms.md": "# Symptoms\n",
        "docs/reference/corrections.md": "# Corrections\n",
        "snippets/threads/__init__.py": "",
        "snippets/symptoms/__init__.py": "",
        "tests/programs/test_threads.py": TESTS,
        "tests/programs/test_symptoms.py": TESTS,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("chapter", ["threads", "symptoms"])
def test_begins_a_program_its_place_and_its_test(chapter: str, root: Path) -> None:
    program, page, tests = new.begin(f"{chapter}/two_locks", root)
    assert catalogue.read(program).name == f"{chapter}/two_locks"
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "### Two locks\n" in text
    for ending in ("py", "out"):
        include = f"```{{literalinclude}} ../../snippets/{chapter}/two_locks.{ending}\n"
        assert include in text
    assert (page.parent / f"../../snippets/{chapter}/two_locks.py").exists()
    tree = ast.parse(tests.read_text(encoding="utf-8"))
    assert [n.name for n in tree.body if isinstance(n, ast.FunctionDef)] == [
        "test_old",
        "test_two_locks",
    ]
    assert "pytest.fail(" in ast.unparse(tree.body[-1])


def test_a_program_for_a_newer_python_breaks_no_other_test(root: Path) -> None:
    program, _, tests = new.begin("threads/two_locks", root)
    program.write_text("import a_module_of_python_3_99", encoding="utf-8")
    names: dict[str, Callable[[], None]] = {}
    exec(tests.read_text(encoding="utf-8"), names)  # noqa: S102 - as pytest does
    names["test_old"]()
    with pytest.raises(ImportError):
        names["test_two_locks"]()


def test_the_command_says_what_it_wrote_and_what_comes_next(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "ROOT", root)
    monkeypatch.setattr(new, "begin", partial(new.begin, root=root))
    assert command(monkeypatch, "new", "threads/two_locks") == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote snippets/threads/two_locks.py",
        "added to docs/guide/threads.md, at its end",
        "added to tests/programs/test_threads.py, at its end",
        "Write the program, and then: nox -s record -- threads/two_locks",
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("thread/barrier", "no chapter 'thread', only symptoms, threads"),
        ("corrections/one", "no chapter 'corrections'"),
        ("threads/queue", "is that of the standard module 'queue'"),
        ("threads/aiohttp", "is that of the package 'aiohttp'"),
        ("threads/psutil", "is that of the package 'psutil'"),
        ("threads/two-locks", "is no name of a module"),
        ("threads/Barrier", "is no name of a module"),
        ("threads/class", "is no name of a module"),
        ("threads/", "is no name of a module"),
        ("threads/old", "is there already"),
    ],
)
def test_a_name_that_will_not_do_is_refused(name: str, reason: str, root: Path) -> None:
    (root / "snippets/threads/old.py").write_text("", encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    with pytest.raises(CatalogueError, match=reason):
        new.begin(name, root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_the_command_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("threads", "threads/queue"):
        assert command(monkeypatch, "new", name) == 1
    said = capsys.readouterr().err
    assert "error: threads/: the name '' is no name of a module" in said
    assert "error: threads/queue: the name 'queue' is that of the standard" in said
