"""Index every section of the site for Pagefind, whose search runs in the browser.

A section is a document of its own, so that a result leads to the place, not to a page.
What is a title, or the name of a program that the section shows, counts most; code
counts less than words, and lists of what is said elsewhere do not count.
docs/_static/find.js asks and ranks.
"""

import ast
import re
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from pagefind_bin import get_executable
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.errors import SphinxError

from docs._ext.figures.evidence import Line
from docs._ext.gate.blocks import Kind

COMPOUND = re.compile(r"\S*\w[^\w\s'\u2019]+\w\S*")
CODE_KINDS = {Kind.PROGRAM, Kind.EXCERPT}
BELOW = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
TITLE, NAME, WORDS, CODE = 10, 5, 1, 0.5
Part = tuple[float, str]  # how much it counts, and the text


def sections(doctree: nodes.document) -> Iterator[tuple[str, list[str], list[Part]]]:
    """Yield the anchor, the titles and the content of each section.

    The titles are those of the sections around it, from the page's on, and its own.
    """
    for section in doctree.findall(nodes.section):
        titles = [_title(section)]
        parent = section.parent
        while isinstance(parent, nodes.section):
            titles.insert(0, _title(parent))
            parent = parent.parent
        anchor = section["ids"][0] if len(titles) > 1 else ""
        content = list(_content(section))
        parts = [(TITLE if content else CODE, titles[-1]), *content]
        names = _names_in_compounds(" ".join(text for _, text in parts))
        yield anchor, titles, [*parts, (WORDS, " ".join(sorted(names)))]


def _title(section: nodes.section) -> str:
    return section[section.first_child_matching_class(nodes.title) or 0].astext()


def _content(node: nodes.Element) -> Iterator[Part]:
    """Yield what an element says; not what its own sections say."""
    for child in node.children:
        match child:
            case nodes.section() | nodes.title() | nodes.caption():
                pass
            case nodes.Invisible() | Line():
                pass
            case nodes.container() if "timeline" in child["classes"]:
                pass
            case nodes.bullet_list() if all(map(_is_link, child)):
                pass  # what it leads to is found itself
            case nodes.container() if Kind.PROGRAM in child["classes"]:
                yield NAME, child["program"].replace("/", " ")
                yield from _content(child)
            case nodes.FixedTextElement() if child.get("kind") in CODE_KINDS:
                yield CODE, " ".join(sorted(_names(child.astext())))
            case nodes.TextElement():
                yield WORDS, child.astext()
            case nodes.Element():
                yield from _content(child)


def _names_in_compounds(text: str) -> set[str]:
    """Return the names in what has no space in between, as `pool.map(parse_page, ...)`.

    Pagefind takes it for one word, `poolmapparse_page`, and its parts `pool`, `map`,
    `parse` and `page`.
    """
    compounds = COMPOUND.findall(text)
    return {name for word in compounds for name in re.findall(r"\w{2,}", word)}


def _names(code: str) -> set[str]:
    """Return the names in code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(code))):
        match node:
            case (
                ast.Name(id=name)
                | ast.Attribute(attr=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                names.add(name)
            case ast.alias(name=name):
                names.update(name.split("."))
    return names


def _is_link(item: nodes.Node) -> bool:
    links = item.findall(lambda node: isinstance(node, nodes.reference | pending_xref))
    return item.astext() == "".join(link.astext() for link in links)


def _documents(app: Sphinx) -> Iterator[str]:
    """Yield the HTML to index for each section; its address is among what it says."""
    for page in sorted(app.env.found_docs):
        weights = app.config.guide_search_weights.items()
        weight = next((w for name, w in weights if page.startswith(name)), 1)
        if not weight:
            continue
        uri = app.builder.get_target_uri(page)
        for anchor, titles, parts in sections(app.env.get_doctree(page)):
            meta = _element("p", meta=f"title:{titles[-1]}")
            meta += _element("p", meta=f"where:{BELOW.join(titles[:-1])}")
            meta += _element("p", meta=f"at:{uri}#{anchor}" if anchor else f"at:{uri}")
            words = (_element("p", text, weight=weight * w) for w, text in parts)
            yield f'<html lang="en"><body>{meta}{"".join(words)}</body></html>'


def _element(tag: str, text: str = "", **settings: object) -> str:
    """Return an element with settings for Pagefind."""
    attributes = "".join(
        f' data-pagefind-{name}="{escape(str(value))}"'
        for name, value in settings.items()
    )
    return f"<{tag}{attributes}>{escape(text)}</{tag}>"


def _index(documents: Path, folder: Path) -> None:
    """Write an index of a folder of documents.

    Pagefind is run as a command: that ends when all is written, while the process
    behind its Python functions answers before, and tells nobody when it has.

    Raises:
        SphinxError: if it fails.
    """
    command = [
        *(str(get_executable()), "--silent", "--include-characters=_+="),
        *(f"--site={documents}", f"--output-path={folder}"),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        message = f"Pagefind cannot write {folder}: {result.stderr.strip()}"
        raise SphinxError(message)


def write_index(app: Sphinx, exception: Exception | None) -> None:
    """Write the index beside the pages, anew: a part of an old one would be found."""
    if exception or app.builder.name != "html" or not app.config.guide_search:
        return
    folder = Path(app.outdir, "pagefind")
    if app.config.guide_preview and folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as documents:
        for number, document in enumerate(_documents(app)):
            Path(documents, f"{number}.html").write_text(document, encoding="utf-8")
        _index(Path(documents), folder)


def leave_own_search(app: Sphinx) -> None:
    """Do not write the index of Sphinx's own search."""
    if isinstance(app.builder, StandaloneHTMLBuilder):
        app.builder.search = False


def search_page(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """Return the page that shows what is found; a book has none."""
    if app.builder.name != "html" or not app.config.guide_search:
        return []
    return [("search", {}, "search.html")]
