"""A chart shows every figure that was measured, where it belongs, and nothing else."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from docs._ext.figures import charts
from docs._ext.figures.charts import PLANS, Scale, quantity, scale_of
from docs._ext.figures.pictures import WIDTH
from snippets._tools.bench import measurements
from snippets._tools.bench.measurements import Measurement, Point
from snippets._tools.catalogue import ROOT
from tests.helpers.cases import SOUND, build, lay_out

SITE = ROOT / "build/html"
KNOWN = {name: measurements.load(name) for name in PLANS}
ROWS = Measurement(
    source="",
    python="3.14.8",
    machine="Linux",
    date="2026-11-24",
    repeats=5,
    points=(
        Point("task", None, 1e-6, 2e-6, 3e-6),
        Point("fork", None, 1e-3, 2e-3, 4e-3),
    ),
    missing={},
)
LINES = replace(
    ROWS,
    points=(
        Point("in sequence", 1, 0.9, 1.0, 1.2),
        *(Point("threads", n, 0.9, 1.0, 1.2) for n in (1, 2, 4)),
        *(Point("processes", n, 0.9 / n, 1.0 / n, 1.2 / n) for n in (1, 2, 4)),
    ),
)
CHART = "```{chart} starting\nWhat it *takes*.\n```\n"


def parse(name: str, found: Measurement) -> ET.Element:
    """Return the picture of a measurement."""
    return ET.fromstring(str(charts.draw(name, found)))  # noqa: S314 - our own


def places(picture: ET.Element) -> list[tuple[float, float]]:
    """Return every place that something is drawn at."""
    found = []
    for item in picture.iter():
        for x, y in (("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")):
            if x in item.attrib:
                found.append((float(item.attrib[x]), float(item.attrib[y])))
        numbers = list(map(float, re.findall(r"-?[\d.]+", item.get("d", ""))))
        found += zip(numbers[::2], numbers[1::2], strict=True)
    return found


def drawn(picture: ET.Element, class_: str) -> list[ET.Element]:
    """Return the elements of a class."""
    return [item for item in picture.iter() if item.get("class") == class_]


@pytest.mark.parametrize("name", PLANS)
def test_every_figure_lies_in_the_picture(name: str) -> None:
    picture = parse(name, KNOWN[name])
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    assert width == WIDTH
    for x, y in places(picture):
        assert 0 <= x <= width
        assert 0 <= y <= height


@pytest.mark.parametrize("name", PLANS)
def test_every_point_has_a_marker_and_its_spread(name: str) -> None:
    found = KNOWN[name]
    picture = parse(name, found)
    series = {p.series for p in found.points} if PLANS[name].across else {""}
    markers = [i for i in picture.iter() if i.get("class", "").startswith("marker")]
    spreads = [i for i in picture.iter() if i.get("class", "").startswith("spread")]
    legend = len(series) if PLANS[name].across else 0
    assert len(markers) == len(found.points) + legend
    assert len(spreads) == 3 * len(found.points)  # from the least to the most, two feet


def test_a_row_is_where_its_figure_is() -> None:
    picture = parse("starting", ROWS)
    task, fork = drawn(picture, "marker-1")
    assert float(task.attrib["cx"]) < float(fork.attrib["cx"])
    assert float(task.attrib["cy"]) < float(fork.attrib["cy"])
    values = [item.text for item in drawn(picture, "value")]
    assert values == ["2 µs", "2 ms"]


def test_a_line_goes_through_its_figures() -> None:
    picture = parse("computing", LINES)
    line = drawn(picture, "series-3")[0].attrib["d"]
    numbers = list(map(float, re.findall(r"[\d.]+", line)))
    xs, ys = numbers[::2], numbers[1::2]
    assert xs == sorted(xs)
    assert ys == sorted(ys)  # less time is further down
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)  # by factors


def test_what_was_measured_once_holds_everywhere() -> None:
    picture = parse("computing", LINES)
    line = drawn(picture, "series-1")[0].attrib["d"]
    assert line.startswith(f"M{charts.SCALE_LEFT:g} ")
    assert f"L{charts.RIGHT:g} " in line


def test_a_machine_with_one_core_is_drawn() -> None:
    one = replace(LINES, points=tuple(p for p in LINES.points if p.x == 1))
    assert all(0 <= x <= WIDTH for x, _ in places(parse("computing", one)))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([1e-6, 1e-1], [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]),
        ([0.5, 2.0], [0, 0.5, 1.0, 1.5, 2.0]),
        ([3.0, 3.0], [0, 1, 2, 3]),
    ],
)
def test_a_scale_begins_at_nothing_or_counts_by_factors(
    values: list[float], ticks: list[float]
) -> None:
    scale = scale_of(values, 0, 100)
    assert list(scale.ticks()) == pytest.approx(ticks)
    assert 0 <= scale.at(values[0]) <= scale.at(values[-1]) < 100


def test_factors_are_equal_steps() -> None:
    scale = Scale(1, 10_000, 0, 100)
    assert [scale.at(10.0**n) for n in range(5)] == pytest.approx([0, 25, 50, 75, 100])


def test_a_scale_that_begins_at_nothing_says_so_in_its_unit() -> None:
    assert [quantity(0, unit) for unit in ("seconds", "bytes")] == ["0 s", "0 B"]


def test_series_are_told_apart_by_more_than_colour() -> None:
    styled = (ROOT / "docs/_static/pictures.css").read_text(encoding="utf-8")
    series = [
        {p.series for p in KNOWN[name].points}
        for name, axes in PLANS.items()
        if axes.across
    ]
    most = max(map(len, series))
    assert most <= 4
    for number in range(1, most + 1):
        assert f".marker-{number} {{" in styled
        assert f".series-{number}" in styled
        assert (f".series-{number} {{\n  stroke-dasharray" in styled) == (number > 1)
    shapes = {
        str(sorted(item.attrib)) + str(item.get("d", "").count("L"))
        for item in parse("computing", KNOWN["computing"]).iter()
        if item.get("class", "").startswith("marker")
    }
    assert len(shapes) >= 2


def test_the_page_has_every_measurement_with_the_table_behind_it() -> None:
    page = SITE / "reference/measurements.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    figures = soup.select(".chart")
    assert len(figures) == len(PLANS)
    for name, found in KNOWN.items():
        title = f"Chart of {name.replace('_', ' ')}"
        (figure,) = (f for f in figures if f.select_one(f'svg[aria-label="{title}"]'))
        rows = [
            [cell.get_text().strip() for cell in row.select("td")]
            for row in figure.select("table.figures tbody tr")
        ]
        unit = PLANS[name].unit
        assert [(row[0], *row[-3:]) for row in rows] == [
            (p.series, *(quantity(v, unit, 3) for v in (p.median, p.low, p.high)))
            for p in found.points
        ]
        said = figure.select_one(".picture-caption")
        assert said is not None
        assert f"measured on {found.day} with Python {found.python}" in said.text


def test_a_chart_is_told_in_words() -> None:
    assert charts.in_words("starting", ROWS) == "task: 2 µs. fork: 2 ms."
    words = charts.in_words("computing", LINES)
    assert "processes, 4 workers: 250 ms." in words


class TestPage:
    """A small project with a chart, really built."""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        """Return the folder of a sound project whose page has a chart."""
        lay_out(SOUND, tmp_path)
        page = tmp_path / "docs/index.md"
        page.write_text(page.read_text(encoding="utf-8") + "\n" + CHART)
        return tmp_path

    def save(self, project: Path, **changes: object) -> None:
        """Write a measurement that has just been made, but for some changes."""
        made = measurements.measured("starting", ROWS.points, {}, 5)
        folder = project / "snippets/_tools/bench/measured"
        measurements.save("starting", replace(made, **changes), folder)  # type: ignore[arg-type]

    def test_has_picture_caption_and_table(self, project: Path) -> None:
        self.save(project, missing={"spawn": "this system has no spawn"})
        assert build(project) == (0, "")
        html = (project / "out/index.html").read_text(encoding="utf-8")
        (figure,) = BeautifulSoup(html, "html.parser").select(".chart")
        assert [v.text for v in figure.select("svg .value")] == ["2 µs", "2 ms"]
        caption = " ".join(p.text for p in figure.select(".picture-caption"))
        assert "What it takes." in caption
        assert "Medians of 5 runs" in caption
        assert "Without spawn: this system has no spawn." in caption
        assert [c.text for c in figure.select("details td")] == [
            *("task", "2 µs", "1 µs", "3 µs"),
            *("fork", "2 ms", "1 ms", "4 ms"),
        ]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"source": "0" * 64}, "has changed since; measure it anew: nox -s bench"),
            (
                {"points": ()},
                "starting.json: is no measurement (a measurement without a point)",
            ),
        ],
        ids=["stale", "damaged"],
    )
    def test_is_not_built_from_what_cannot_be_shown(
        self, project: Path, changes: dict[str, object], said: str
    ) -> None:
        self.save(project, **changes)
        status, complaints = build(project)
        assert status != 0
        assert said in complaints
        assert re.search(r"docs/index\.md:\d+: ", complaints)

    def test_is_not_built_without_the_measurement(self, project: Path) -> None:
        status, said = build(project)
        assert status != 0
        assert "starting.json: there is no such measurement; make it: nox -s" in said

    def test_says_which_charts_there_are(self, project: Path) -> None:
        self.save(project)
        page = project / "docs/index.md"
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("{chart} starting", "{chart} speed"))
        status, said = build(project)
        assert status != 0
        assert "there is no chart speed, only computing, waiting" in said
