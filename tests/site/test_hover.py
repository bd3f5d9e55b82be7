"""A word of the glossary says what it means wherever it is linked."""

import re

from bs4 import BeautifulSoup

from snippets._tools.catalogue import ROOT

SITE = ROOT / "build/html"
GLOSSARY = ROOT / "docs/reference/glossary.md"
ROLE = re.compile(r"\{\w+\}`([^<`]+?)(?: <[^>]+>)?`")


def letters(text: str) -> str:
    """Return the letters of a text, which typesetting leaves as they are."""
    return re.sub(r"\W", "", text).lower()


def test_every_linked_term_has_its_meaning() -> None:
    text = ROLE.sub(r"\1", GLOSSARY.read_text(encoding="utf-8"))
    written = re.findall(r"^(\w[^\n]*)\n  ([^\n]+)$", text, re.MULTILINE)
    meanings = {letters(term): letters(sentence) for term, sentence in written}
    assert len(meanings) > 25
    linked = 0
    for path in SITE.glob("guide/*.html"):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for link in soup.select("a:has(> .std-term)"):
            page, _, anchor = str(link["href"]).partition("#")
            assert page == "../reference/glossary.html"
            term = letters(anchor.removeprefix("term-"))
            assert letters(str(link["title"])) == meanings[term]
            linked += 1
    assert linked > 10
