"""The site in other forms: an archive that runs, copies for tools, a book."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from tests.helpers.cases import OPTIONS, SOUND, build, lay_out

NAME = "master-python-concurrency"
ARCHIVE = ROOT / f"build/html/{NAME}.zip"
MORE = "\nMore.\n\n```{diagram} event_loop\nHow it *turns*.\n```\n\n```{chooser}\n```\n"


def test_the_archive_has_every_program_and_runs_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / NAME
    for program in catalogue.programs().values():
        for path in (program.path, program.output):
            copy = folder / path.relative_to(ROOT)
            assert copy.read_bytes() == path.read_bytes()
    assert (folder / "LICENSE").exists()
    command = [sys.executable, "-m", "snippets", "verify", "basics/gil_status"]
    alone = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    said = subprocess.run(
        command, cwd=folder, env=alone, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("[1/1] basics/gil_status")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project that has a picture and the chooser."""
    more = {
        "project": "A project",
        "guide_summary": "It is small",
        "version": "1",
        "copyright": "nobody",
        "html_baseurl": "https://example.org/",
        "epub_basename": "book",
        # The chooser's programs are elsewhere.
        "suppress_warnings": "ref.ref",
    }
    for name, value in more.items():
        monkeypatch.setitem(OPTIONS, name, value)
    lay_out(SOUND, tmp_path)
    shutil.copytree(ROOT / "docs/_diagrams", tmp_path / "docs/_diagrams")
    page = tmp_path / "docs/index.md"
    page.write_text(page.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    return tmp_path


def test_a_copy_says_what_the_page_shows(project: Path) -> None:
    assert build(project, "--builder=markdown") == (0, "")
    copy = (project / "out/index.md").read_text(encoding="utf-8")
    program = (project / "snippets/basics/hello.py").read_text(encoding="utf-8")
    assert f"hello.py:\n\n```python\n{program}```" in copy
    assert "Output, the same on every run:\n\n```output\nhello\n```" in copy
    assert "From hello.py:\n\n```python\ndef main()" in copy
    assert "How it *turns*." in copy
    assert "The loop takes the first of them" in copy  # a picture, in words
    assert "<svg" not in copy


def test_the_list_has_each_copy_with_its_first_sentence(project: Path) -> None:
    assert build(project, "--builder=markdown") == (0, "")
    text = (project / "out/llms.txt").read_text(encoding="utf-8")
    assert text == (
        "# A project\n\n> It is small.\n\n## Pages\n\n"
        "- [A sound project](https://example.org/index.md): More.\n"
    )


def test_a_book_declares_its_pictures_and_asks_nothing(project: Path) -> None:
    assert build(project, "--builder=epub", "--doctree-dir=doctrees") == (0, "")
    with zipfile.ZipFile(project / "out/book.epub") as book:
        listed = book.read("content.opf").decode()
        page = book.read("index.xhtml").decode()
    assert 'properties="svg" href="index.xhtml"' in listed
    assert 'href="genindex.xhtml"' in listed
    assert 'properties="svg" href="genindex.xhtml"' not in listed
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page
    assert "<input" not in page
    assert "Evidence" not in page
