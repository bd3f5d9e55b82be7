"""Make copies of the pages in Markdown, for tools, and ``llms.txt``, which lists them.

The builder is sphinx-markdown-builder's. It knows no elements of our own, so these are
put in words first. See https://llmstxt.org for the list.
"""

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from docs._ext.figures.chooser import Form
from docs._ext.figures.pictures import Details, Picture

BUILDER = "markdown"


def say_in_words(app: Sphinx, doctree: nodes.document, _: str) -> None:
    """Replace what a tool cannot see by what it shows."""
    if app.builder.name != BUILDER:
        return
    for picture in list(doctree.findall(Picture)):
        if any(picture.parent.findall(Details)):
            picture.parent.remove(picture)  # what may be opened says more
        else:
            picture.replace_self(nodes.paragraph("", picture["alt"]))
    for folded in list(doctree.findall(Details)):
        folded.replace_self(folded.children)
    for form in list(doctree.findall(Form)):
        form.parent.remove(form)  # its table says the same
    for caption in list(doctree.findall(nodes.caption)):
        caption.replace_self(nodes.paragraph("", f"{_name(caption)}:"))
    for short in list(doctree.findall(nodes.abbreviation)):
        short.replace_self(nodes.Text(short.astext()))  # the builder knows none


def _name(caption: nodes.caption) -> str:
    """Return the name of a block, and after commas what is said of it."""
    parts = (
        f", {part.astext()}" if isinstance(part, nodes.inline) else part.astext()
        for part in caption
    )
    return "".join(parts)


def write_list(app: Sphinx, exception: Exception | None) -> None:
    """Write the list of all copies, in the order of the site."""
    if not exception and app.builder.name == BUILDER:
        text = "\n".join(_list(app)) + "\n"
        Path(app.outdir, "llms.txt").write_text(text, encoding="utf-8")


def _list(app: Sphinx) -> Iterator[str]:
    yield from (f"# {app.config.project}", "", f"> {app.config.guide_summary}.", "")
    yield from ("## Pages", "")
    for page in _in_order(app, app.config.root_doc):
        title = app.env.titles[page].astext()
        yield f"- [{title}]({app.config.html_baseurl}{page}.md): {_first(app, page)}"


def _in_order(app: Sphinx, page: str) -> Iterator[str]:
    """Yield a page and those below it."""
    yield page
    for below in app.env.toctree_includes.get(page, []):
        yield from _in_order(app, below)


def _first(app: Sphinx, page: str) -> str:
    """Return the first sentence of a page."""
    paragraph = next(app.env.get_doctree(page).findall(nodes.paragraph))
    return paragraph.astext().partition("\n")[0]
