"""Hold finished pages against what was accounted for: nothing else looks like code.

However something has come into a page, by a template, a setting, another extension or
markup that nobody thought of: what a reader takes for code or for a picture of it is
found here, in the HTML, and is in the manifest, or the build fails.
"""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from docs._ext.figures.pictures import Picture
from docs._ext.gate.blocks import pages_of_blocks
from docs._ext.gate.markup import LONGEST

logger = logging.getLogger(__name__)

# Elements that are empty, so nothing ends them.
VOID = set("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905 - one reads it
# Those that are text, furniture, or looked at below; what shows code has many others.
KNOWN = VOID - {"embed"} | {
    *("html", "head", "title", "script", "style", "body", "header", "footer", "main"),
    *("nav", "aside", "section", "article", "div", "span", "p", "a", "blockquote"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "cite", "abbr", "small"),
    *("sub", "sup", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary"),
    *("table", "caption", "colgroup", "thead", "tbody", "tr", "th", "td"),
    *("form", "fieldset", "legend", "label", "button", "search"),
    *("pre", "code", "svg", "img"),
}
LIKE_CODE = {"highlight", "doctest", "sourcecode", "codehilite", "literalblock", "code"}
LIKE_CODE_BEGINS = "highlight-", "literal-block", "language-"
# Pictures of the themes, by their files; those of the logo are added.
FURNITURE = {"minus.png", "plus.png", "file.png"}
# In an SVG that is no icon: writing, or what stands in another file.
WRITING = re.compile(r"<(text|tspan|image|foreignobject) |'(xlink:)?href', '[^#]")
LINES = 3  # of what is not accounted for, to be quoted


@dataclass
class Shown:
    """What a page shows besides its blocks: its pictures, and how many signatures."""

    pictures: list[str] = field(default_factory=list)
    signatures: int = 0


@dataclass(eq=False)
class Element:
    """An element that is being read, what is looked for in it, and its text."""

    tag: str
    role: str
    text: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a page shows that may be code, or a picture of code."""

    def __init__(self, furniture: Iterable[str]) -> None:
        """Begin a page; ``furniture`` names the files of the theme's own pictures."""
        super().__init__()
        self.blocks: list[str] = []
        self.pictures: list[tuple[str, str]] = []  # digest and text
        self.signatures = 0
        self.foreign: list[str] = []
        self._furniture = set(furniture)
        self._open: list[Element] = []
        self._watched: list[Element] = []

    def handle_starttag(
        self, tag: str, attributes: Sequence[tuple[str, str | None]]
    ) -> None:
        """Find what to look for in the element."""
        given = {name: value or "" for name, value in attributes}
        if self._watched and self._watched[-1].role == "svg":
            self._watched[-1].text.append(f"<{tag} {sorted(given.items())}>")
            role = ""
        else:
            role = self._role(tag, given)
        element = Element(tag, role)
        if role == "svg":
            given.pop("xmlns", None)  # which only a book has in its source
            element.text.append(f"<{tag} {sorted(given.items())}>")
        if tag in VOID:
            if role:
                self.foreign.append(f"<{tag}> {given.get('src') or given}")
            return
        self._open.append(element)
        if role:
            self._watched.append(element)

    def handle_startendtag(
        self, tag: str, attributes: Sequence[tuple[str, str | None]]
    ) -> None:
        """Read an element that is empty."""
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note what the element has shown."""
        if not any(element.tag == tag for element in self._open):
            return
        while True:
            element = self._open.pop()
            if element.role:
                self._watched.remove(element)
                self._note(element)
            if element.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        """Add text to the innermost element that is looked at."""
        if self._watched:
            self._watched[-1].text.append(data)

    def _role(self, tag: str, given: dict[str, str]) -> str:
        """Return what to look for in an element: nothing, in most."""
        classes = given.get("class", "").split()
        self.signatures += tag == "dt" and "sig" in classes
        if self._is_foreign(tag, given):
            return "foreign"
        if tag in {"pre", "svg", "style"}:
            return tag
        within = {element.role for element in self._watched}
        if "pre" in within or (tag == "code" and "like code" in within):
            return ""
        if tag == "dl" and "py" in classes:
            return "signatures"  # which are counted; autodoc writes types as code
        if tag == "code" or "code-block-caption" in classes:
            return "code" if tag == "code" else "caption"
        like_code = any(
            name in LIKE_CODE or name.startswith(LIKE_CODE_BEGINS) for name in classes
        ) and not any(element.role == "signatures" for element in self._open)
        return "like code" if like_code else ""

    def _is_foreign(self, tag: str, given: dict[str, str]) -> bool:
        """Tell whether an element is one that our pages never have."""
        style = given.get("style", "")
        if any(word in style for word in ("white-space", "mono", "font", "url(")):
            return True
        if tag == "img":
            return PurePosixPath(given.get("src", "")).name not in self._furniture
        if tag == "input" and given.get("value"):
            return given.get("type") not in {"radio", "checkbox", "hidden", "submit"}
        return tag not in KNOWN or given.get("type") == "image"

    def _note(self, element: Element) -> None:
        text = "".join(element.text)
        match element.role:
            case "pre":
                self.blocks.append(text)
            case "svg":
                self.pictures.append((digest(text), text))
            case "code" if "\n" in text.strip() or len(text) > LONGEST:
                self.foreign.append(f"<code> {text}")
            case "style" if "content" in text:
                self.foreign.append(f"<style> {text.strip()}")
            case "like code" if text.strip():
                self.foreign.append(f"<{element.tag}> {text.strip()}")
            case "foreign":
                self.foreign.append(f"<{element.tag}> {text.strip()}")


def digest(text: str) -> str:
    """Return the fingerprint that the manifest uses."""
    return hashlib.sha256(text.rstrip("\n").encode()).hexdigest()


def _read(html: str, furniture: Iterable[str] = ()) -> Page:
    page = Page(furniture)
    page.feed(html)
    page.close()
    return page


def note_page(app: Sphinx, doctree: nodes.document) -> None:
    """Note the pictures and the signatures of a page, when it has all of them."""
    pictures = [
        found
        for picture in doctree.findall(Picture)
        for found, _ in _read(picture["svg"]).pictures
    ]
    signatures = len(list(doctree.findall(addnodes.desc_signature)))
    page = app.env.current_document.docname
    _pages(app.env)[page] = Shown(pictures, signatures)


def _pages(env: BuildEnvironment) -> dict[str, Shown]:
    if not hasattr(env, "guide_shown"):
        env.guide_shown = {}  # type: ignore[attr-defined]
    return env.guide_shown  # type: ignore[attr-defined, no-any-return]


def forget_page(_: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget a page that is read anew, or gone."""
    _pages(env).pop(page, None)


def merge_pages(
    _: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment
) -> None:
    """Take over the pages that another process has read."""
    found = _pages(other)
    _pages(env).update({page: found[page] for page in pages if page in found})


def note_begin(app: Sphinx) -> None:
    """Note when the build began, to tell what it has written."""
    app.builder.began = time.time()  # type: ignore[attr-defined]


def check_pages(app: Sphinx, exception: Exception | None) -> None:
    """Report what finished pages show and nothing accounts for, and what they lack.

    What was reported of a page when it was read would only be said again. In a preview
    only what was written now is looked at.
    """
    builder = app.builder
    if exception or app._warncount or not isinstance(builder, StandaloneHTMLBuilder):  # noqa: SLF001 - nothing else tells
        return
    furniture = FURNITURE | {
        PurePosixPath(name).name
        for name in (app.config.html_logo, app.config.html_favicon)
        if name
    }
    for path, names in _files(app, builder):
        for text in _complaints(app, path, names, furniture):
            logger.error(
                "unverified block: in the finished page, %s, %s",
                path.relative_to(builder.outdir).as_posix(),
                text,
                location=names[0] if len(names) == 1 else None,
            )


def _files(
    app: Sphinx, builder: StandaloneHTMLBuilder
) -> Iterator[tuple[Path, list[str]]]:
    """Yield each file to look at, and the pages that are in it: none, as in a search.

    A folder whose name begins with ``_`` has copies of files, and styles.
    """
    docs = sorted(app.env.found_docs)
    if builder.name == "singlehtml":
        pages = {Path(builder.get_output_path(app.config.root_doc)): docs}
    else:
        pages = {Path(builder.get_output_path(name)): [name] for name in docs}
    out = Path(builder.outdir)
    for path in sorted({*pages, *out.rglob(f"*{builder.out_suffix}")}):
        if any(part.startswith("_") for part in path.relative_to(out).parts[:-1]):
            continue
        written = path.exists() and path.stat().st_mtime >= builder.began  # type: ignore[attr-defined]
        if written or not app.config.guide_preview:
            yield path, pages.get(path, [])


def _complaints(
    app: Sphinx, path: Path, names: list[str], furniture: set[str]
) -> Iterator[str]:
    page = _read(path.read_text(encoding="utf-8"), furniture)
    blocks = pages_of_blocks(app.env)
    listed = Counter(b.sha256 for name in names for b in blocks.get(name, []))
    shown = [_pages(app.env).get(name, Shown()) for name in names]
    drawn = {found for each in shown for found in each.pictures}
    foreign = [*page.foreign]
    for text in page.blocks:
        found = digest(text)
        if not listed[found]:
            foreign.append(f"<pre> {text}")
        listed[found] -= 1
    for found, text in page.pictures:
        if found not in drawn and WRITING.search(text):
            foreign.append("<svg> with writing in it")
    if page.signatures > sum(each.signatures for each in shown):
        foreign.append("<dt> a signature that is of no program")
    for text in foreign:
        start = "\n".join(text.strip().splitlines()[:LINES])
        yield f"nothing accounts for what looks like code: {start}"
    if app.builder.name == "html" and any(count > 0 for count in listed.values()):
        lost = [b for n in names for b in blocks[n] if listed[b.sha256] > 0]
        yield f"the {lost[0].kind} of line {lost[0].line} is missing"
