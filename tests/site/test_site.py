"""The built site, seen from the other end: its HTML, without the extension's help."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from functools import cache
from typing import TypedDict

import pytest
from bs4 import BeautifulSoup, Tag
from fences import COMMANDS, SESSIONS

from snippets import catalogue
from snippets.catalogue import ROOT

SITE = ROOT / "build/html"
PAGES = sorted(
    page.relative_to(SITE).with_suffix("").as_posix()
    for page in SITE.rglob("*.html")
    if "_static" not in page.parts
)
PROGRAMS = catalogue.programs()


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
def code_of(page: str) -> list[Tag]:
    """Return the code blocks of a page as the browser sees them."""
    html = (SITE / page).with_suffix(".html").read_text(encoding="utf-8")
    return list(BeautifulSoup(html, "html.parser").find_all("pre"))


@cache
def collected() -> set[str]:
    """Return the names of the tests that pytest collects."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests"]
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
    seen = Counter(digest(block.get_text()) for block in code_of(page))
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
    if block["kind"] == "command":
        return f"tests/test_blocks.py::test_command_works{place}"
    if block["kind"] != "session":
        return f"tests/test_programs.py::test_prints_its_output[{block['source']}"
    if not block["source"]:
        return f"tests/test_blocks.py::test_session_is_true{place}"
    _, chapter, stem, *_ = block["source"].split(".")  # of a docstring
    return f"tests/test_programs.py::test_docstrings_are_true[{chapter}/{stem}]"


def test_every_block_has_a_test() -> None:
    missing = [
        proof_of(block)
        for block in manifest()
        if not any(name.startswith(proof_of(block)) for name in collected())
    ]
    assert missing == []


def test_every_session_and_command_of_a_page_is_on_the_site() -> None:
    on_site = {
        f"docs/{b['page']}.md:{b['line']}"
        for b in manifest()
        if b["kind"] == "command" or (b["kind"] == "session" and not b["source"])
    }
    written = {str(f) for f in [*SESSIONS, *COMMANDS] if f.page.startswith("docs/")}
    assert on_site == written
