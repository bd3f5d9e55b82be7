"""The built site, seen from the other end: its HTML, without the extension's help."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypedDict
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from tests.helpers.fences import COMMANDS, SESSIONS

SITE = ROOT / "build/html"
PAGES = sorted(
    page.relative_to(SITE).with_suffix("").as_posix()
    for page in SITE.rglob("*.html")
    if "_static" not in page.parts
)
PROGRAMS = catalogue.programs()
EVIDENCE = "reference/verification"
DASHES = str.maketrans("/_", "--")


class Block(TypedDict):
    """A code block of the manifest."""

    page: str
    line: int
    kind: str
    source: str
    sha256: str


@cache
def manifest() -> list[Block]:
    """Return the blocks that the build has accounted for."""
    text = (SITE / "manifest.json").read_text(encoding="utf-8")
    blocks: list[Block] = json.loads(text)["blocks"]
    return blocks


@cache
def soup(page: str) -> BeautifulSoup:
    """Return a page as the browser sees it."""
    html = (SITE / page).with_suffix(".html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser")


def row_of(name: str) -> str:
    """Return the text of a program's row in the table of evidence."""
    row = soup(EVIDENCE).select_one(f"tr#evidence-{name.translate(DASHES)}")
    assert row, f"{EVIDENCE} has no row for {name}"
    return row.get_text()


@cache
def collected() -> set[str]:
    """Return the names of the tests that pytest collects."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    quiet = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line for line in quiet.stdout.splitlines() if "::" in line}


def digest(text: str) -> str:
    """Return the fingerprint that the manifest uses."""
    return hashlib.sha256(text.rstrip("\n").encode()).hexdigest()


def test_the_site_was_built() -> None:
    assert "index" in PAGES, "build the site first: nox -s docs"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_in_the_manifest(page: str) -> None:
    seen = Counter(digest(block.get_text()) for block in soup(page).find_all("pre"))
    listed = Counter(b["sha256"] for b in manifest() if b["page"] == page)
    assert seen == listed


def test_every_page_of_the_manifest_was_built() -> None:
    assert {block["page"] for block in manifest()} <= set(PAGES)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_and_its_output_are_shown_as_they_are(name: str) -> None:
    shown = {b["kind"]: b["sha256"] for b in manifest() if b["source"] == name}
    program = PROGRAMS[name]
    assert shown["program"] == digest(program.path.read_text(encoding="utf-8"))
    assert shown["output"] == digest(program.output.read_text(encoding="utf-8"))


def proof_of(block: Block) -> str:
    """Return how the name of the test that verifies a block begins."""
    place = f"[docs/{block['page']}.md:{block['line']}]"
    programs, blocks = (
        f"tests/programs/test_every_{what}.py::test" for what in ("program", "block")
    )
    if block["kind"] == "command":
        return f"{blocks}_command_works{place}"
    if block["kind"] != "session":
        return f"{programs}_prints_its_output[{block['source']}"
    if not block["source"]:
        return f"{blocks}_session_is_true{place}"
    _, chapter, stem, *_ = block["source"].split(".")  # of a docstring
    return f"{programs}_docstrings_are_true[{chapter}/{stem}]"


def test_every_block_has_a_test() -> None:
    missing = [
        proof_of(block)
        for block in manifest()
        if not any(name.startswith(proof_of(block)) for name in collected())
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_program_of_a_page_has_its_evidence(page: str) -> None:
    shown = [
        b["source"] for b in manifest() if (b["page"], b["kind"]) == (page, "program")
    ]
    lines = soup(page).select("p.evidence")
    assert len(lines) == len(shown)
    for name, line in zip(shown, lines, strict=True):
        chapter, stem = name.split("/")
        targets = {link.get_text(): str(link["href"]) for link in line.find_all("a")}
        assert list(targets) == ["Download", "Source", "Tests", "Evidence"]
        download, source, tests = (
            (SITE / page).parent / targets[text]
            for text in ("Download", "Source", "Tests")
        )
        assert download.name == f"{stem}.py"
        assert download.read_bytes() == PROGRAMS[name].path.read_bytes()
        assert source.read_bytes() == PROGRAMS[name].path.read_bytes()
        assert (
            tests.read_bytes()
            == (ROOT / f"tests/programs/test_{chapter}.py").read_bytes()
        )
        target, _, row = targets["Evidence"].partition("#")
        assert ((SITE / page).parent / target).resolve() == SITE / f"{EVIDENCE}.html"
        assert row == f"evidence-{name.translate(DASHES)}"
        assert name in row_of(name)


def test_every_block_has_a_row() -> None:
    rows = Counter(
        tuple(cell.get_text() for cell in row.find_all("td")[:2])
        for row in soup(EVIDENCE).find_all("tr")
        if len(row.find_all("td")) == 3
    )
    blocks = Counter((f"{b['page']}:{b['line']}", b["kind"]) for b in manifest())
    assert rows == blocks


def test_the_site_says_what_the_ledger_says() -> None:
    runs = json.loads((SITE / "ledger.json").read_text(encoding="utf-8"))
    for name, program in PROGRAMS.items():
        now = (
            program.path.read_text(encoding="utf-8"),
            program.output.read_text("utf-8"),
        )
        fingerprints = [hashlib.sha256(text.encode()).hexdigest() for text in now]
        passed = [
            run
            for run in runs.get(name, [])
            if [run["source"], run["output"], run["outcome"]]
            == [*fingerprints, "passed"]
        ]
        for run in passed:
            assert run["start_method"] in row_of(name)
        assert ("Not run" in row_of(name)) == (passed == [])


def test_every_session_and_command_of_a_page_is_on_the_site() -> None:
    on_site = {
        f"docs/{b['page']}.md:{b['line']}"
        for b in manifest()
        if b["kind"] == "command" or (b["kind"] == "session" and not b["source"])
    }
    written = {str(f) for f in [*SESSIONS, *COMMANDS] if f.page.startswith("docs/")}
    assert on_site == written


@cache
def anchors(path: Path) -> set[str]:
    """Return the places of a file of the site that a link may lead to."""
    if path.suffix != ".html":
        return set()
    page = path.relative_to(SITE).with_suffix("").as_posix()
    return {str(item["id"]) for item in soup(page).select("[id]")}


def dead_links(page: str) -> Iterator[str]:
    """Yield the links of a page that lead nowhere within the site."""
    for item in soup(page).select("[href], [src]"):
        link = str(item.get("href") or item.get("src"))
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        start = SITE if parts.path.startswith("/") else (SITE / page).parent
        path = (start / unquote(parts.path).lstrip("/")).resolve()
        if not parts.path:
            path = (SITE / page).with_suffix(".html")
        found = path.is_file() and path.is_relative_to(SITE)
        anchor = unquote(parts.fragment)
        if not found or (anchor and anchor not in anchors(path)):
            yield link


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_site_leads_somewhere(page: str) -> None:
    assert list(dead_links(page)) == []
