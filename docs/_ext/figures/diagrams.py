"""Show the few ideas that need a picture: ``{diagram} NAME``, its caption below.

A diagram is a file, ``docs/_diagrams/NAME.svg``, 420 units wide. Its ``title`` is its
name for a screen reader, and its ``desc`` says in Markdown what it shows, for who
cannot see it. Boxes are ``runs``, ``waits`` (hatched), ``gone`` or ``place``: each
looks different without colour. ``_static/pictures.css`` has the style of each class.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from docs._ext.figures.pictures import details, figure

FOLDER = "_diagrams"  # in docs/
NAMESPACE = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Diagram:
    """A diagram: ``title`` names it, ``words``, in Markdown, say what it shows."""

    title: str
    words: str
    svg: str


def read(path: Path) -> Diagram:
    """Return the diagram of a file, to stand in HTML.

    Raises:
        ValueError: if it is no SVG with a title and a description.
    """
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own
    for element in root.iter():
        element.tag = element.tag.removeprefix(NAMESPACE)
        element.tail = None
    title, words = (_taken(root, tag) for tag in ("title", "desc"))
    root.attrib |= {"role": "img", "aria-label": title, "class": "drawing"}
    root.text = None
    return Diagram(title, words, ET.tostring(root, encoding="unicode"))


def _taken(root: ET.Element, tag: str) -> str:
    """Return the text of an element, and take it out: a browser would show it."""
    element = root.find(tag)
    if element is None or not element.text:
        message = f"it has no <{tag}>"
        raise ValueError(message)
    root.remove(element)
    return element.text.strip()


class DiagramDirective(SphinxDirective):
    """A diagram by its name; the content is its caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing, its caption and its words."""
        name = self.arguments[0]
        path = Path(self.env.srcdir, FOLDER, f"{name}.svg")
        if not path.exists():
            known = sorted(path.stem for path in path.parent.glob("*.svg"))
            message = f"there is no diagram {name}, only {', '.join(known)}"
            raise self.error(message)
        self.assert_has_content()
        self.env.note_dependency(str(path))
        try:
            found = read(path)
        except (ET.ParseError, ValueError) as error:
            message = f"{path.name} cannot be shown: {error}"
            raise self.error(message) from error
        caption, messages = self.parse_inline("\n".join(self.content))
        in_words = details("In words", *self.parse_text_to_nodes(found.words))
        below = figure(found.svg, found.title, caption, in_words, kind="diagram")
        return [below, *messages]
