"""Every example in a docstring of a tool or of a test runs, and is true."""

from pathlib import Path

import pytest

from snippets._tools.catalogue import ROOT
from tests.helpers import doctests

# tests/site has the examples of docs/ and its own, which need Sphinx.
FOLDERS = (
    "snippets/_tools",
    *(
        f"tests/{room}"
        for room in ("helpers", "mutation", "programs", "tools", "robust")
    ),
)
MODULES = doctests.modules(*FOLDERS)


@pytest.mark.parametrize("file", MODULES)
def test_its_examples_are_true(file: str) -> None:
    ran = doctests.run(file)
    assert ran.failed == 0
    assert ran.attempted == doctests.examples(ROOT / file) > 0


def test_no_room_is_forgotten() -> None:
    rooms = {f"tests/{path.parent.name}" for path in (ROOT / "tests").glob("*/*.py")}
    others = {"tests/site", "tests/browser", "tests/measure"}
    assert rooms - set(FOLDERS) == others
    assert doctests.modules("tests/browser", "tests/measure") == []
    assert len(MODULES) >= 5


def test_a_false_example_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "of_an_example.py").write_text('"""\n>>> 1 + 1\n3\n"""\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert doctests.examples(tmp_path / "of_an_example.py") == 1
    assert doctests.run("of_an_example.py") == (1, 1)
