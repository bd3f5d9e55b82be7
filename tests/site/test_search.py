"""What search can find is every section of the site, and leads there."""

import gzip
import json
from functools import cache
from typing import TypedDict

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.core import publish_doctree

from docs._ext.gate.blocks import Kind
from docs._ext.pages import search
from snippets._tools.catalogue import ROOT

SITE = ROOT / "build/html"


class Fragment(TypedDict):
    """A section as Pagefind keeps it."""

    content: str
    meta: dict[str, str]


@cache
def fragments() -> dict[str, Fragment]:
    """Return what can be found, by its address."""
    paths = (SITE / "pagefind/fragment").glob("*.pf_fragment")
    texts = (gzip.decompress(path.read_bytes()).decode() for path in paths)
    found: list[Fragment] = [json.loads(text[text.index("{") :]) for text in texts]
    return {fragment["meta"]["at"]: fragment for fragment in found}


@cache
def soup(page: str) -> BeautifulSoup:
    """Return a page of the site."""
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


def test_every_file_of_the_index_is_whole() -> None:
    files = [path for path in (SITE / "pagefind").rglob("*") if path.is_file()]
    assert len(files) > len(fragments()) > 100
    assert [path.name for path in files if not path.stat().st_size] == []


def test_every_section_can_be_found_where_it_is() -> None:
    pages = {url.partition("#")[0] for url in fragments()}
    assert {"index.html", "guide/threads.html", "reference/symptoms.html"} <= pages
    for page in pages:
        article = soup(page).select_one("article")
        assert article is not None
        sections = [str(section["id"]) for section in article.select("section")]
        found = {url.partition("#")[2] for url in fragments() if url.startswith(page)}
        first, *others = sections
        assert found == {"", *others}, f"{page}, whose first section is {first}"


def test_the_catalogue_is_left_out_and_no_other_page() -> None:
    with_sections = {
        path.relative_to(SITE).as_posix()
        for path in [*SITE.glob("guide/*.html"), *SITE.glob("reference/**/*.html")]
        if not path.relative_to(SITE).as_posix().startswith("reference/catalogue/")
    }
    pages = {url.partition("#")[0] for url in fragments()}
    assert pages == with_sections | {"index.html"}


def test_a_section_says_what_it_is_and_where() -> None:
    found = fragments()["reference/symptoms.html#symptom-guard"]
    assert found["meta"]["where"] == f"Symptoms{search.BELOW}Processes"
    assert found["meta"]["title"].startswith("An attempt has been made to start a new")


def test_what_is_said_elsewhere_is_not_found_twice() -> None:
    contents = fragments()["reference/symptoms.html#all-of-them"]["content"]
    assert "BrokenProcessPool" not in contents
    for url, fragment in fragments().items():
        assert ": from 0 ms:" not in fragment["content"]  # a timeline in words
        if url.startswith("guide/"):
            assert "Download" not in fragment["content"]  # below a program


def test_sphinx_writes_no_index_of_its_own() -> None:
    assert not (SITE / "searchindex.js").exists()


TEXT = """\
Page
====

Words of the page.

- `A link <https://example.org>`_

Section
-------

- `Another <https://example.org>`_ and more: call ``asyncio.run(main())``.

.. code-block:: python

   import queue.thing as q
   async def worker(): await q.get_one()
"""


@pytest.fixture
def found() -> list[tuple[str, list[str], list[search.Part]]]:
    """Return the sections of a small page, whose code is a program."""
    settings = {"doctitle_xform": False, "report_level": 5}
    doctree = publish_doctree(TEXT, settings_overrides=settings)
    for block in doctree.findall(nodes.literal_block):
        block["kind"] = Kind.PROGRAM
    return list(search.sections(doctree))


def test_a_section_has_its_own_words_only(
    found: list[tuple[str, list[str], list[search.Part]]],
) -> None:
    (page, section) = found
    assert page[:2] == ("", ["Page"])
    assert page[2] == [(10, "Page"), (1, "Words of the page."), (1, "")]
    assert section[:2] == ("section", ["Page", "Section"])
    assert section[2][1] == (1, "Another and more: call asyncio.run(main()).")


def test_a_heading_that_says_nothing_counts_less_than_a_title() -> None:
    doctree = publish_doctree(
        "Page\n====\n\nWords.\n\nEmpty\n-----\n\nBelow\n~~~~~\n\nWords.\n",
        settings_overrides={"doctitle_xform": False},
    )
    counts = {titles[-1]: parts[0] for _, titles, parts in search.sections(doctree)}
    assert counts["Empty"] == (search.CODE, "Empty")
    assert counts["Below"] == (search.TITLE, "Below")


def test_names_in_code_and_in_compounds_are_words(
    found: list[tuple[str, list[str], list[search.Part]]],
) -> None:
    _, (_, _, parts) = found
    assert parts[-2] == (0.5, "get_one q queue thing worker")
    assert parts[-1] == (1, "asyncio main run")
