"""Draw what was measured as charts, with the table behind each.

The content of the directive is the caption; the figures come from
``snippets/_tools/bench/measured``::

    ```{chart} starting
    What it takes to start one, and to see it end.
    ```
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from docs._ext.figures.pictures import WIDTH, Drawing, details, figure, round_step
from docs._ext.figures.tables import row, table
from snippets._tools.bench import measurements
from snippets._tools.bench.bench import Plan, plans
from snippets._tools.bench.measurements import Measurement, Point
from snippets._tools.catalogue import SNIPPETS
from snippets._tools.evidence.files import EvidenceError

UNITS = {
    "seconds": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "bytes": ((1e6, "MB"), (1e3, "kB"), (1.0, "B")),
    "": ((1.0, ""),),
}
LEFT, RIGHT, TOP = 8.0, 404.0, 22.0
SCALE_LEFT = 58.0  # where there is a scale on the left
HEIGHT = 230.0  # of the area of a chart with two scales
ROW = 38.0  # from one series to the next, where there is one scale
LETTER = 6.5  # the width of one, about
LOGARITHMIC = 20.0  # from this ratio of its values on, a scale counts by factors
SIZE = 4.5  # of a marker, from its middle
PLANS = plans()


def quantity(value: float, unit: str, digits: int = 2) -> str:
    """Write a value with so many digits, in the prefix that suits it.

    >>> quantity(0.000_063_7, "seconds"), quantity(1.784, "seconds", 3)
    ('64 µs', '1.78 s')
    >>> quantity(2_500_198, "bytes"), quantity(10_000, "")
    ('2.5 MB', '10,000')
    """
    fitting = (item for item in UNITS[unit] if value >= item[0] * 0.9995)
    whole = next(item for item in UNITS[unit] if item[0] == 1)  # for nothing at all
    factor, name = next(fitting, UNITS[unit][-1] if value else whole)
    scaled = float(f"{value / factor:.{digits}g}")
    return f"{scaled:,.6g} {name}".rstrip()


@dataclass(frozen=True)
class Scale:
    """Where values are in a picture, between two edges of it."""

    low: float
    high: float
    start: float
    end: float

    @property
    def logarithmic(self) -> bool:
        """Tell whether equal steps are equal factors; then it can't begin at 0."""
        return self.low > 0

    def at(self, value: float) -> float:
        """Return the place of a value."""
        if self.logarithmic:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = value / self.high
        return self.start + part * (self.end - self.start)

    def ticks(self) -> Iterator[float]:
        """Yield round values along it."""
        if self.logarithmic:
            first, last = math.log10(self.low), math.log10(self.high)
            apart = math.ceil((last - first) / 6)
            for power in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1):
                if power % apart == 0:
                    yield 10.0**power
        else:
            step = round_step(self.high)
            yield from (number * step for number in range(int(self.high / step) + 1))


def scale_of(values: Sequence[float], start: float, end: float) -> Scale:
    """Return a scale with room for all values: from nothing, or by factors."""
    low, high = min(values), max(values)
    if high / low >= LOGARITHMIC:
        return Scale(low / 1.3, high * 1.3, start, end)
    return Scale(0, high * 1.08, start, end)


def draw(name: str, found: Measurement) -> Drawing:
    """Return the picture of a measurement."""
    axes, title = PLANS[name], f"Chart of {name.replace('_', ' ')}"
    if axes.across:
        return _draw_lines(axes, found.points, title)
    return _draw_rows(axes, found.points, title)


def _draw_rows(axes: Plan, points: Sequence[Point], title: str) -> Drawing:
    """Draw a mark for each series, each in a row below its name."""
    bottom = TOP + ROW * len(points)
    drawing = Drawing(WIDTH, bottom + 26, title)
    scale = scale_of([v for p in points for v in (p.low, p.high)], LEFT, RIGHT)
    for value in scale.ticks():
        x = scale.at(value)
        drawing.line(x, TOP - 6, x, bottom, "grid")
        anchor = "start" if x < LEFT + 20 else "middle"
        drawing.text(x, bottom + 14, quantity(value, axes.unit), "tick", anchor)
    drawing.line(LEFT, bottom, RIGHT, bottom, "axis")
    for number, point in enumerate(points):
        y = TOP + ROW * number + 26
        drawing.text(LEFT, y - 12, point.series)
        _draw_spread(drawing, [(scale.at(v), y) for v in (point.low, point.high)], 1)
        _draw_marker(drawing, scale.at(point.median), y, 1)
        text = quantity(point.median, axes.unit)
        beside = scale.at(point.high) + 9
        if beside + LETTER * len(text) > WIDTH:
            drawing.text(scale.at(point.low) - 9, y + 4, text, "value", "end")
        else:
            drawing.text(beside, y + 4, text, "value")
    return drawing


def _draw_lines(axes: Plan, points: Sequence[Point], title: str) -> Drawing:
    """Draw a line for each series, and a legend below them."""
    series = list(dict.fromkeys(point.series for point in points))
    bottom = TOP + HEIGHT
    drawing = Drawing(WIDTH, bottom + 48 + 20 * len(series), title)
    y = scale_of([v for p in points for v in (p.low, p.high)], bottom, TOP)
    for value in y.ticks():
        drawing.line(SCALE_LEFT, y.at(value), RIGHT, y.at(value), "grid")
        text = quantity(value, axes.unit)
        drawing.text(SCALE_LEFT - 6, y.at(value) + 4, text, "tick", "end")
    drawing.line(SCALE_LEFT, bottom, RIGHT, bottom, "axis")
    across = sorted({point.x or 1 for point in points})
    for x in across:
        text = quantity(x, axes.across_unit)
        drawing.text(_across(x, across), bottom + 16, text, "tick", "middle")
    middle = (SCALE_LEFT + RIGHT) / 2
    drawing.text(middle, bottom + 32, axes.across, "note", "middle")
    for number, name in enumerate(series, start=1):
        own = [p for p in points if p.series == name]
        _draw_series(drawing, [(_across(p.x or 1, across), p) for p in own], y, number)
        below = bottom + 36 + 20 * number
        drawing.path([(LEFT, below - 4), (LEFT + 34, below - 4)], f"series-{number}")
        _draw_marker(drawing, LEFT + 17, below - 4, number)
        drawing.text(LEFT + 42, below, name)
    return drawing


def _across(x: int, known: Sequence[int]) -> float:
    """Return where a number is, between the least and the most: by factors."""
    whole = math.log(known[-1] / known[0]) or 1.0
    start, end = SCALE_LEFT + 14, RIGHT - 14
    return start + math.log(x / known[0]) / whole * (end - start)


def _draw_series(
    drawing: Drawing, places: Sequence[tuple[float, Point]], y: Scale, number: int
) -> None:
    """Draw what was measured; what was measured once only holds everywhere."""
    line = [(x, y.at(point.median)) for x, point in places]
    if len(line) == 1:
        line = [(edge, line[0][1]) for edge in (SCALE_LEFT, RIGHT)]
    drawing.path(line, f"series-{number}")
    for x, point in places:
        ends = [(x, y.at(value)) for value in (point.low, point.high)]
        _draw_spread(drawing, ends, number)
        _draw_marker(drawing, x, y.at(point.median), number)


def _draw_spread(
    drawing: Drawing, ends: Sequence[tuple[float, float]], number: int
) -> None:
    """Draw a line from the least to the most, with a foot at each end."""
    drawing.path(ends, f"spread-{number}")
    level = ends[0][1] == ends[1][1]
    for x, y in ends:
        dx, dy = (0, SIZE) if level else (SIZE, 0)
        drawing.path([(x - dx, y - dy), (x + dx, y + dy)], f"spread-{number}")


def _draw_marker(drawing: Drawing, x: float, y: float, number: int) -> None:
    """Draw a circle, a square, a triangle or a diamond."""
    kind, s = f"marker-{number}", SIZE
    if number == 1:
        drawing.add("circle", cx=x, cy=y, r=s, class_=kind)
        return
    corners = {
        2: [(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)],
        3: [(x, y - s - 1), (x + s + 1, y + s), (x - s - 1, y + s)],
        4: [(x, y - s - 1.5), (x + s + 1.5, y), (x, y + s + 1.5), (x - s - 1.5, y)],
    }[number]
    drawing.path([*corners, corners[0]], kind)


def rows_of(name: str, found: Measurement) -> Iterator[nodes.row]:
    """Yield the figures of a measurement."""
    axes = PLANS[name]
    for point in found.points:
        against = [quantity(point.x or 1, axes.across_unit)] if axes.across else []
        values = (point.median, point.low, point.high)
        yield row(
            [point.series, *against, *(quantity(v, axes.unit, 3) for v in values)]
        )


def in_words(name: str, found: Measurement) -> str:
    """Say the medians of a measurement."""
    axes = PLANS[name]
    return " ".join(
        f"{point.series}"
        + (
            f", {quantity(point.x or 1, axes.across_unit)} {axes.across}"
            * bool(axes.across)
        )
        + f": {quantity(point.median, axes.unit)}."
        for point in found.points
    )


class ChartDirective(SphinxDirective):
    """A chart by the name of what was measured; the content is its caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the picture, its caption, its origin and its table."""
        name = self.arguments[0]
        if name not in PLANS:
            message = f"there is no chart {name}, only {', '.join(PLANS)}"
            raise self.error(message)
        self.assert_has_content()
        snippets = Path(self.env.app.confdir, self.config.guide_snippets).resolve()
        folder = snippets / measurements.FOLDER.relative_to(SNIPPETS)
        modules = (module.__file__ for module in measurements.modules_of(name))
        for source in (folder / f"{name}.json", *modules):
            self.env.note_dependency(str(source))
        try:
            return [self._figure(name, measurements.load(name, folder))]
        except EvidenceError as error:
            raise self.error(str(error)) from error

    def _figure(self, name: str, found: Measurement) -> nodes.container:
        axes = PLANS[name]
        against = [axes.across] if axes.across else []
        heads = ["series", *against, "median", "least", "most"]
        behind = table(heads, rows_of(name, found), "figures")
        caption, messages = self.parse_inline("\n".join(self.content))
        origin = (
            f" Medians of {found.repeats} runs, the bars from the least to the most; "
            f"measured on {found.day} with Python {found.python} on {found.machine}."
        )
        missing = "".join(
            f" Without {case}: {reason}." for case, reason in found.missing.items()
        )
        words = in_words(name, found)
        below = [*caption, nodes.Text(origin + missing), *messages]
        return figure(
            str(draw(name, found)), words, below, details("Table", behind), kind="chart"
        )
