"""The preview shows what was saved, and goes on when that cannot be built."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from snippets._tools.catalogue import ROOT
from tests.helpers.cases import OPTIONS, SOUND, build, lay_out
from tests.helpers.previews import Preview, serve, wait_for


@pytest.fixture
def preview(tmp_path: Path) -> Iterator[Preview]:
    """Return the sound project, served."""
    lay_out(SOUND, tmp_path)
    assert build(tmp_path) == (0, "")
    options = (f"-D{name}={value}" for name, value in OPTIONS.items())
    with serve(tmp_path, "-C", *options, "docs") as preview:
        yield preview


def change(preview: Preview, before: str, after: str) -> None:
    """Change the page that is served."""
    path = preview.log.with_name("docs") / "index.md"
    text = path.read_text(encoding="utf-8").replace(before, after, 1)
    preview.reload(lambda: path.write_text(text, encoding="utf-8"))


def test_what_is_saved_is_shown(preview: Preview) -> None:
    assert "A sound project" in preview.page()
    for before, after in (("A sound", "Another"), ("Another", "One more")):
        change(preview, f"{before} project", f"{after} project")
        assert f"{after} project" in preview.page()
    wait_for(r"saved index\.md\n", preview.log)


def test_what_is_refused_is_said_and_the_page_stays(preview: Preview) -> None:
    change(preview, "```{doctest}\n", "```python\n")
    wait_for(r"docs/index\.md:13: ", preview.log)
    assert "A sound project" in preview.page()
    change(preview, "```python\n", "## Another part\n\n```{doctest}\n")
    assert "Another part" in preview.page()


def test_what_ends_a_build_does_not_end_the_preview(preview: Preview) -> None:
    (ledger,) = preview.log.parent.glob("build/ledger/*/*/*.json")
    text = ledger.read_text(encoding="utf-8")
    ledger.write_text(text[:-5], encoding="utf-8")
    change(preview, "A sound", "Another")
    wait_for(ledger.name, preview.log)
    ledger.write_text(text, encoding="utf-8")
    change(preview, "Another", "One more")
    assert "One more project" in preview.page()


def test_what_is_imported_once_is_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    for name in importlib.import_module("preview").LIBRARIES:
        importlib.import_module(name)
