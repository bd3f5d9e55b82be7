"""A page is made anew when something that it shows has changed, with its links."""

from dataclasses import replace
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from snippets._tools.evidence import ledger
from tests.helpers.cases import OPTIONS, SOUND, build, lay_out, vouch_for

PROGRAM = "snippets/basics/hello.py"
PAGE = "out/index.html"
INVENTORY = str(ROOT / "docs/_inventories/python.inv")
DOCUMENTED = {"python": ("https://docs.python.org/3", INVENTORY)}
LINK = 'href="https://docs.python.org/3/library/time.html#time.sleep"'
SESSION = "\n```{doctest}\n>>> 1\n1\n```\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project that is built, whose program has a link."""
    extensions = f"{OPTIONS['extensions']},sphinx.ext.intersphinx,sphinx_codeautolink"
    monkeypatch.setitem(OPTIONS, "extensions", extensions)
    lay_out(SOUND, tmp_path)
    settings = f"intersphinx_mapping = {DOCUMENTED}"
    (tmp_path / "docs/conf.py").write_text(settings, encoding="utf-8")
    change(tmp_path, "print(", "print(time.sleep(0)) or print(")
    change(tmp_path, "\n\n\n", "\n\nimport time\n\n\n")
    assert build(tmp_path) == (0, "")
    assert LINK in page(tmp_path)
    return tmp_path


def change(folder: Path, before: str, after: str) -> None:
    """Change the program, and verify it."""
    path = folder / PROGRAM
    path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1))
    vouch_for([catalogue.read(path)], folder)


def add(folder: Path, text: str) -> None:
    """Add something to the first page."""
    with (folder / "docs/index.md").open("a", encoding="utf-8") as file:
        file.write(text)


def page(folder: Path) -> str:
    """Return the page."""
    return (folder / PAGE).read_text(encoding="utf-8")


def test_a_program_that_changes(project: Path) -> None:
    change(project, '"""Say hello."""', '"""Say it."""')
    assert build(project) == (0, "")
    assert "Say it." in page(project)
    assert LINK in page(project)


def test_a_block_of_another_page(project: Path) -> None:
    add(project, "\n```{toctree}\nother\n```\n\n```{evidence} figures\n```\n")
    other = project / "docs/other.md"
    other.write_text(f"# Other\n{SESSION}", encoding="utf-8")
    for blocks in (6, 7):
        assert build(project) == (0, "")
        assert f"<p>{blocks}</p>" in page(project)
        assert LINK in page(project)
        other.write_text(f"# Other\n{SESSION}{SESSION}", encoding="utf-8")


def test_a_list_of_everything_is_left_by_a_preview(project: Path) -> None:
    path = project / "docs/reference/verification.md"
    path.parent.mkdir()
    path.write_text("# Verification\n\n```{evidence} blocks\n```\n", encoding="utf-8")
    add(project, "\n```{toctree}\nreference/verification\n```\n")
    assert build(project) == (0, "")
    add(project, SESSION)
    for setting, rows in (("1", 6), ("1", 6), ("0", 7)):  # with the head
        assert build(project, f"-Dguide_preview={setting}") == (0, "")
        listed = (project / "out/reference/verification.html").read_text("utf-8")
        assert listed.count("<tr") == rows
        assert LINK in page(project)


def test_a_ledger_that_changes(project: Path) -> None:
    path = project / "build/ledger.json"
    found = ledger.load(path)["basics/hello"]
    other = replace(found.entries[0], python="3.99t")
    ledger.update({"basics/hello": replace(found, entries=(other,))}, path)
    assert build(project) == (0, "")
    assert ", 3.99t" in page(project)
    assert LINK in page(project)


def test_a_setting_that_changes(project: Path) -> None:
    assert build(project, "-Dhtml_title=Another") == (0, "")
    assert "Another</title>" in page(project)
    assert LINK in page(project)


def test_nothing_that_changes(project: Path) -> None:
    before = (project / PAGE).stat().st_mtime_ns
    assert build(project) == (0, "")
    assert (project / PAGE).stat().st_mtime_ns == before
