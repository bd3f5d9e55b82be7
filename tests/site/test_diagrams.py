"""Every diagram is on a page, legible, and said in words."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from bs4 import BeautifulSoup

from docs._ext.figures import diagrams
from snippets._tools.catalogue import ROOT
from tests.helpers.cases import SOUND, build, lay_out

CSS = (ROOT / "docs/_static/pictures.css").read_text(encoding="utf-8")
# The size of each class of text, and the least that a narrow screen can show.
SIZES = {
    name: int(size)
    for name, size in re.findall(
        r"\.diagram svg\.drawing \.?(\w+) {[^}]*font-size: (\d+)px", CSS
    )
}
SMALLEST = 11
FILES = sorted((ROOT / "docs/_diagrams").glob("*.svg"))
DIAGRAMS = {path.stem: diagrams.read(path) for path in FILES}
DRAWN = {name: ET.fromstring(diagram.svg) for name, diagram in DIAGRAMS.items()}  # noqa: S314 - our own


class Area(NamedTuple):
    """A rectangle, from left and top to right and bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Area") -> bool:
        return (
            self.left <= other.left <= other.right <= self.right
            and self.top <= other.top <= other.bottom <= self.bottom
        )

    def meets(self, other: "Area") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def text_area(text: ET.Element) -> Area:
    """Return roughly where a text stands, in a usual typeface."""
    x, base = float(text.attrib["x"]), float(text.attrib["y"])
    classes = text.get("class", "").split()
    size = min([SIZES["text"], *(SIZES[name] for name in classes if name in SIZES)])
    wide = 0.6 if "code" in classes else 0.55 if "name" in classes else 0.5
    width = len(text.text or "") * size * wide
    left = x - width * {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor", ""), 0)
    return Area(left, base - 0.75 * size, left + width, base + 0.2 * size)


def box_area(box: ET.Element) -> Area:
    """Return where a box is."""
    x, y, width, height = (float(box.attrib[k]) for k in ("x", "y", "width", "height"))
    return Area(x, y, x + width, y + height)


def stretches(drawing: ET.Element) -> list[Area]:
    """Return the straight parts of all arrows, tips and measures."""
    found = []
    for path in drawing.iterfind("path"):
        if path.get("class") in {"arrow", "bar", "head", "measure"}:
            points = [
                tuple(map(float, point.split()))
                for point in re.split("[ML]", path.attrib["d"])[1:]
            ]
            for (x1, y1), (x2, y2) in pairwise(points):
                found.append(Area(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
    return found


@pytest.mark.parametrize("name", DIAGRAMS)
def test_it_is_shown_on_one_page_with_a_caption_and_words(name: str) -> None:
    shown = [
        figure
        for page in (ROOT / "build/html/guide").glob("*.html")
        for figure in BeautifulSoup(
            page.read_text(encoding="utf-8"), "html.parser"
        ).select(".diagram")
        if figure.svg and figure.svg["aria-label"] == DIAGRAMS[name].title
    ]
    assert len(shown) == 1
    caption = shown[0].select_one(".picture-caption")
    assert caption
    assert caption.get_text(strip=True)
    words = shown[0].details
    assert words
    assert words.summary
    assert words.summary.extract().get_text() == "In words"
    assert len(words.get_text().split()) > 40


def test_no_two_have_the_same_name() -> None:
    assert set(Counter(d.title for d in DIAGRAMS.values()).values()) == {1}


@pytest.mark.parametrize("name", DIAGRAMS)
def test_its_words_say_what_is_written_in_it(name: str) -> None:
    said = DIAGRAMS[name].title + DIAGRAMS[name].words
    for text in DRAWN[name].iterfind("text"):
        for word in re.findall(r"[A-Za-z]{4,}", text.text or ""):
            assert word.lower() in said.lower(), word


@pytest.mark.parametrize("name", DIAGRAMS)
def test_all_of_it_is_inside(name: str) -> None:
    drawing = DRAWN[name]
    whole = Area(*map(float, drawing.attrib["viewBox"].split()))
    for text in drawing.iterfind("text"):
        assert whole.holds(text_area(text)), text.text
    for box in drawing.iterfind("rect"):
        assert whole.holds(box_area(box)), box.attrib
    for stretch in stretches(drawing):
        assert whole.holds(stretch), stretch


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_text_fits_into_its_box(name: str) -> None:
    for box in DRAWN[name].iterfind("rect"):
        area = box_area(box)
        for text in DRAWN[name].iterfind("text"):
            assert area.holds(text_area(text)) or not area.meets(text_area(text)), (
                text.text
            )


@pytest.mark.parametrize("name", DIAGRAMS)
def test_nothing_crosses_a_text(name: str) -> None:
    texts = list(DRAWN[name].iterfind("text"))
    for one, other in combinations(texts, 2):
        assert not text_area(one).meets(text_area(other)), (one.text, other.text)
    for text in texts:
        for stretch in stretches(DRAWN[name]):
            assert not text_area(text).meets(stretch), (text.text, stretch)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_what_waits_is_told_without_colour(name: str) -> None:
    shapes = list(DRAWN[name])
    for below, shape in pairwise(shapes):
        if shape.get("class") == "waits":
            assert below.get("class") == "hatching"
            for x, y in re.findall(r"([\d.]+) ([\d.]+)", below.attrib["d"]):
                point = Area(float(x), float(y), float(x), float(y))
                assert box_area(shape).holds(point)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_every_class_has_a_style(name: str) -> None:
    used = {c for shape in DRAWN[name] for c in shape.get("class", "").split()}
    assert used - set(re.findall(r"\.(\w+)", CSS)) == set()


def test_texts_can_be_read_on_a_phone() -> None:
    assert SIZES.keys() >= {"text", "note", "code"}
    assert min(SIZES.values()) >= SMALLEST


SQUARE = '<svg xmlns="http://www.w3.org/2000/svg"><title>A</title><rect/></svg>'


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("no_such_idea\nA caption.", "there is no diagram no_such_idea, only square"),
        ("square", 'Content block expected for the "diagram" directive'),
        ("square\nA square.", "square.svg cannot be shown: it has no <desc>"),
    ],
)
def test_a_block_that_cannot_be_drawn_is_refused(
    block: str, complaint: str, tmp_path: Path
) -> None:
    lay_out(SOUND, tmp_path)
    (tmp_path / "docs/_diagrams").mkdir()
    (tmp_path / "docs/_diagrams/square.svg").write_text(SQUARE, encoding="utf-8")
    page = tmp_path / "docs/index.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(f"{text}\n```{{diagram}} {block}\n```\n", encoding="utf-8")
    status, said = build(tmp_path)
    assert status != 0
    assert f"docs/index.md:{text.count(chr(10)) + 2}: " in said
    assert complaint in said
