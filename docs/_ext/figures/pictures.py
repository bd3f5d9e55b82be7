"""Draw pictures as inline SVG, which follows the page's theme, and say what they show.

Shapes get classes, never colours: ``_static/pictures.css`` has these, light and dark.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxTranslator
from sphinx.writers.html5 import HTML5Translator
from sphinx.writers.text import TextTranslator

WIDTH = 420  # units of every picture; on a phone they are a little less than a pixel


class Drawing:
    """An SVG picture.

    >>> picture = Drawing(100, 20, "A line")
    >>> _ = picture.add("line", x1=0, y1=10, x2=100 / 3, y2=10, class_="axis")
    >>> _ = picture.text(0, 18, "0 ms", "tick")
    >>> print(picture)  # doctest: +NORMALIZE_WHITESPACE
    <svg viewBox="0 0 100 20" role="img" aria-label="A line" class="drawing"><line
    x1="0" y1="10" x2="33.3" y2="10" class="axis" /><text x="0" y="18"
    class="tick">0 ms</text></svg>
    """

    def __init__(self, width: float, height: float, name: str) -> None:
        """Begin one; ``name`` is what a screen reader calls it."""
        self._root = ET.Element(
            "svg",
            {
                "viewBox": f"0 0 {_number(width)} {_number(height)}",
                "role": "img",
                "aria-label": name,
                "class": "drawing",
            },
        )

    def add(self, tag: str, text: str = "", **attributes: object) -> ET.Element:
        """Add an element; ``class_`` and ``text_anchor`` lose what Python asks for."""
        element = ET.SubElement(
            self._root,
            tag,
            {
                name.rstrip("_").replace("_", "-"): _number(value)
                for name, value in attributes.items()
            },
        )
        element.text = text or None
        return element

    def text(
        self, x: float, y: float, text: str, class_: str = "", anchor: str = ""
    ) -> None:
        """Add text; ``anchor`` is ``middle`` or ``end``, if it does not start there."""
        more = {"text_anchor": anchor} if anchor else {}
        self.add("text", text, x=x, y=y, **({"class_": class_} | more))

    def rect(
        self, x: float, y: float, width: float, height: float, class_: str
    ) -> None:
        """Add a rectangle."""
        self.add("rect", x=x, y=y, width=width, height=height, class_=class_)

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str) -> None:
        """Add a line."""
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)

    def path(self, points: Iterable[tuple[float, float]], class_: str) -> None:
        """Add a line through several points."""
        d = "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
        self.add("path", d=f"M{d}", class_=class_)

    def __str__(self) -> str:
        """Return the SVG, to stand in HTML."""
        return ET.tostring(self._root, encoding="unicode")


def _number(value: object) -> str:
    """Write a length as short as it can be seen."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def round_step(length: float) -> float:
    """Return a round number, so that there are three to six of them in a length.

    >>> round_step(104_000), round_step(1_300), round_step(0.4)
    (20000.0, 500.0, 0.1)
    """
    rough = length / 6
    power = 10.0 ** math.floor(math.log10(rough))
    return next(f * power for f in (1, 2, 5, 10) if f * power >= rough)


class Picture(nodes.General, nodes.Element):
    """A picture in a page: ``svg`` is its source, ``alt`` what it shows, in words."""


class Details(nodes.General, nodes.Element):
    """What a reader may open: ``summary`` is the line that is always seen."""


def figure(
    svg: str, alt: str, caption: Sequence[nodes.Node], *details: Details, kind: str
) -> nodes.container:
    """Return a picture with its caption, and what may be opened below it."""
    below = nodes.paragraph("", "", *caption, classes=["picture-caption"])
    return nodes.container(
        "", Picture(svg=svg, alt=alt), below, *details, classes=["picture", kind]
    )


def details(summary: str, *content: nodes.Node) -> Details:
    """Return content that a reader may open."""
    return Details("", *content, summary=summary)


def _visit_picture(writer: HTML5Translator, node: nodes.Element) -> None:
    in_xml = '<svg xmlns="http://www.w3.org/2000/svg" '  # as a book is; HTML knows
    writer.body.append(node["svg"].replace("<svg ", in_xml, 1))


def _visit_details(writer: HTML5Translator, node: nodes.Element) -> None:
    summary = writer.encode(node["summary"])
    writer.body.append(f"<details><summary>{summary}</summary>")


def _depart_details(writer: HTML5Translator, _: nodes.Element) -> None:
    writer.body.append("</details>")


def _say_instead(writer: TextTranslator, node: nodes.Element) -> None:
    """Put the words where a picture cannot be shown."""
    writer.add_text(node["alt"])


def _nothing(_: SphinxTranslator, __: nodes.Element) -> None:
    """Leave a node as it is."""


def add_nodes(app: Sphinx) -> None:
    """Say how pictures are written."""
    app.add_node(
        Picture, html=(_visit_picture, _nothing), text=(_say_instead, _nothing)
    )
    app.add_node(
        Details, html=(_visit_details, _depart_details), text=(_nothing, _nothing)
    )
