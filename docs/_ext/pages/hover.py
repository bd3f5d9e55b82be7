"""Say what a word means where it is used: point at a linked term of the glossary."""

from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx


def meanings(app: Sphinx) -> Iterator[tuple[str, str]]:
    """Yield the anchor of each term and the first sentence of its definition."""
    glossary = app.env.get_doctree(app.config.guide_glossary_page)
    for item in glossary.findall(nodes.definition_list_item):
        term, definition = item[0], item[-1]
        assert isinstance(term, nodes.term)
        for anchor in term["ids"]:
            yield anchor, definition.astext().partition("\n")[0]


def terms(doctree: nodes.document) -> list[nodes.inline]:
    """Return the terms that a page uses."""
    found = doctree.findall(nodes.inline)
    return [node for node in found if "std-term" in node["classes"]]


def note_glossary(app: Sphinx, doctree: nodes.document) -> None:
    """Make a page anew when a meaning changes that it gives."""
    if terms(doctree):
        page = app.config.guide_glossary_page
        app.env.note_dependency(str(app.env.doc2path(page)))


def add_meanings(app: Sphinx, doctree: nodes.document, _: str) -> None:
    """Give each linked term its meaning, which browsers show."""
    if found := terms(doctree):
        known = dict(meanings(app))
        for term in found:
            link = term.parent
            anchor = link.get("refid") or link["refuri"].rpartition("#")[2]
            link["reftitle"] = known[anchor]
