"""The shapes of diagrams: what runs is filled, what waits is hatched."""

from collections.abc import Iterator

from pictures import WIDTH, Drawing

LINE = 17  # units from one line of text to the next
HATCH = 8  # units between the lines of a hatching
Point = tuple[float, float]


class Sketch(Drawing):
    """A diagram, as wide as every picture.

    Boxes are of a kind, which is their class: ``runs``, ``waits``, ``gone`` (what is
    not there) or ``place`` (what holds others). Each looks different without colour.
    """

    def __init__(self, height: float, name: str) -> None:
        """Begin one; ``name`` is what a screen reader calls it."""
        super().__init__(WIDTH, height, name)

    def box(
        self, x: int, y: int, width: int, height: int, kind: str, *lines: str
    ) -> None:
        """Add a rounded box of a kind, with centred text."""
        if kind == "waits":
            strokes = "".join(_hatching(x, y, width, height))
            self.add("path", d=strokes, class_="hatching")
        self.add("rect", x=x, y=y, width=width, height=height, rx=5, class_=kind)
        middle = x + width / 2, y + (height - LINE * (len(lines) - 1)) / 2 + 5
        self.label(*middle, *lines, anchor="middle")

    def label(
        self, x: float, y: float, *lines: str, class_: str = "", anchor: str = ""
    ) -> None:
        """Add lines of text; ``y`` is the base of the first."""
        for number, line in enumerate(lines):
            self.text(x, y + LINE * number, line, class_, anchor)

    def arrow(self, *points: Point, blocked: bool = False) -> None:
        """Add an arrow through points; one that is blocked ends at a bar."""
        (x1, y1), (x, y) = points[-2:]
        length = abs(x - x1) + abs(y - y1)  # every arrow is level or upright
        dx, dy = (x - x1) / length, (y - y1) / length
        if blocked:
            self.path(points, "arrow")
            self.path([(x + 7 * dy, y + 7 * dx), (x - 7 * dy, y - 7 * dx)], "bar")
            return
        back = x - 8 * dx, y - 8 * dy  # so that the line does not blunt the tip
        self.path([*points[:-1], back], "arrow")
        left, right = (
            (back[0] + side * 4.5 * dy, back[1] + side * 4.5 * dx) for side in (1, -1)
        )
        self.path([left, (x, y), right], "head")

    def span(self, x1: float, x2: float, y: float, text: str, text_y: float) -> None:
        """Measure the way from one place to another, with a text at its middle."""
        self.path([(x1, y - 4), (x1, y + 4)], "measure")
        self.path([(x2, y - 4), (x2, y + 4)], "measure")
        self.path([(x1, y), (x2, y)], "measure")
        self.label((x1 + x2) / 2, text_y, text, class_="note", anchor="middle")

    def key(self, x: int, y: int) -> None:
        """Add a key, 18 units wide, around the height ``y``."""
        self.add("circle", cx=x + 4, cy=y, r=3.5, class_="sign")
        shaft = f"M{x + 7.5} {y}H{x + 18}v4M{x + 13.5} {y}v3.5"
        self.add("path", d=shaft, class_="sign")

    def padlock(self, x: int, y: int) -> None:
        """Add a closed padlock, 12 units wide, around the height ``y``."""
        shackle = f"M{x + 2.5} {y - 1}v-2a3.5 3.5 0 0 1 7 0v2"
        self.add("path", d=shackle, class_="sign")
        self.add("rect", x=x, y=y - 1, width=12, height=8, rx=1.5, class_="body")


def _hatching(x: int, y: int, width: int, height: int) -> Iterator[str]:
    """Yield lines that rise from the left, cut off at the edges of a box."""
    bottom = y + height
    for foot in range(x - height + HATCH, x + width, HATCH):
        start, end = max(0, x - foot), min(height, x + width - foot)
        yield f"M{foot + start} {bottom - start}L{foot + end} {bottom - end}"
