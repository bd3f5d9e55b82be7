"""A timeline is drawn as it was recorded, legible, and said in words."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from docs._ext.figures import timelines as drawn
from docs._ext.figures.pictures import WIDTH
from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from snippets._tools.evidence.provenance import fingerprint
from snippets._tools.timeline import store
from snippets._tools.timeline.store import STATES, Lane, Moment, Segment, Timeline
from tests.helpers.cases import SOUND, build, lay_out, vouch_for

NAMES = [p.name for p in catalogue.programs().values() if p.concurrent]
EVERYTHING = tuple(
    Segment(1000 * number, 1000 * number + 1000, state)
    for number, state in enumerate(STATES)
)
RUN = Timeline(
    source="",
    python="3.14.8",
    machine="Linux",
    date="2026-11-24",
    length=1000 * len(STATES),
    lanes=(Lane("thread", "main", EVERYTHING), Lane("task", "x" * 99, EVERYTHING[:1])),
    moments=(Moment(2000, 0, "now: it begins"),),
    left_out=0,
)
DIRECTIVE = "```{{timeline}} basics/hello\n{}\n```\n"


def parse(run: Timeline, *marks: int) -> ET.Element:
    """Return the picture of a whole run."""
    view = drawn.View(run, 0, run.length)
    return ET.fromstring(str(drawn.draw(view, marks, "name")))  # noqa: S314 - our own


def bars(picture: ET.Element, state: str) -> list[tuple[float, float, float]]:
    """Return where the blocks of a state begin, and how wide they are."""
    paths = [e.attrib["d"] for e in picture.iter("path") if e.get("class") == state]
    found = [re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v", path) for path in paths]
    return [(float(x), float(y), float(w)) for path in found for x, y, w in path]


def classes(picture: ET.Element, tag: str) -> list[str]:
    """Return the classes of all the elements of a kind."""
    return [element.get("class", "") for element in picture.iter(tag)]


@pytest.mark.parametrize("name", NAMES)
def test_every_timeline_lies_in_its_picture(name: str) -> None:
    picture = parse(store.load(catalogue.find(name)))
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    assert width == WIDTH
    for element in picture.iter():
        for key in ("x", "x1", "x2"):
            assert 0 <= float(element.get(key, 0)) <= width
        for key in ("y", "y1", "y2"):
            assert 0 <= float(element.get(key, 0)) <= height
    for x, y, more in bars(picture, "running"):
        assert 0 <= x <= x + more <= width
        assert 0 <= y <= height


def test_every_state_is_drawn_and_told_in_the_legend() -> None:
    picture = parse(RUN)
    styled = (ROOT / "docs/_static/pictures.css").read_text(encoding="utf-8")
    for state in STATES:
        seen = [name for name in classes(picture, "path") if state in name.split()]
        assert len(seen) >= 2, state  # in a lane and in the legend
        assert f"svg.drawing .{state}" in styled
    notes = {t.text for t in picture.iter("text") if t.get("class") == "note"}
    assert notes == set(drawn.WORDS.values())
    assert set(drawn.WORDS) == set(STATES)


def test_a_state_that_cannot_be_seen_is_not_in_the_legend() -> None:
    brief = (Segment(0, 999_000, "idle"), Segment(999_000, 999_010, "lock"))
    run = replace(RUN, length=1_000_000, lanes=(Lane("thread", "main", brief),))
    assert "lock" not in {text.text for text in parse(run).iter("text")}


def test_what_runs_is_seen_however_short() -> None:
    brief = (Segment(0, 1, "running"), Segment(1, 1_000_000, "idle"))
    run = replace(RUN, length=1_000_000, lanes=(Lane("thread", "main", brief),))
    assert bars(parse(run), "running")[0][2] >= drawn.BLIP - 0.1


def test_long_names_are_cut() -> None:
    labels = [t.text or "" for t in parse(RUN).iter("text") if t.get("class") == "task"]
    assert labels == ["x" * 58 + "…"]


def test_marks_do_not_hide_each_other() -> None:
    marks = [0, 10, 20, RUN.length - 1, RUN.length]
    found = list(parse(RUN, *marks).iter("circle"))
    centres = [float(circle.attrib["cx"]) for circle in found]
    assert all(b - a >= 2 * drawn.RADIUS for a, b in pairwise(centres))
    assert centres[-1] <= WIDTH - drawn.RADIUS


def test_a_part_of_a_run_shows_only_what_is_in_it() -> None:
    view = drawn.View(RUN, 1000, 3000)
    picture = drawn.draw(view, [], "name")
    assert [lane.name for lane in view.lanes()] == ["main"]
    assert [(s.start, s.end) for s in view.segments(RUN.lanes[0])] == [
        (1000, 2000),
        (2000, 3000),
    ]
    assert "sleep" in str(picture)


def test_moments_are_found_by_lane_and_state_or_by_what_was_printed() -> None:
    lanes = (Lane("thread", "a b", (*EVERYTHING[:2], Segment(5000, 9000, "running"))),)
    run = replace(RUN, lanes=lanes)
    assert drawn.moment(run, "a b running") == 5000  # the longest
    assert drawn.moment(run, '"now"') == 2000
    for key in ("a b lock", '"later"', "a b"):
        with pytest.raises(drawn.UnknownMomentError, match=f"no moment {key}; it has"):
            drawn.moment(run, key)


def polling(look: int) -> Timeline:
    """Return a run that waits for a lock from 1 ms on, and looks up every 20 ms."""
    waits = [
        part
        for start in range(1000, 200_000, 20_000)
        for part in (
            Segment(start, start + 20_000 - look, "lock"),
            Segment(start + 20_000 - look, start + 20_000, "running"),
        )
    ]
    lane = Lane("thread", "left", (Segment(0, 1000, "running"), *waits))
    return replace(RUN, length=201_000, lanes=(lane,))


@pytest.mark.parametrize(("look", "words"), [(50, 1), (2000, 10)])
def test_a_wait_that_is_looked_up_from_is_one_wait(look: int, words: int) -> None:
    run = polling(look)
    assert drawn.moment(run, "left lock") == 1000
    texts = [t.text for t in parse(run).iter("text") if t.get("class") == "word"]
    assert texts == ["lock"] * words


def test_the_longest_of_several_waits_counts() -> None:
    run = polling(50)
    shorter = (Segment(0, 300, "lock"), Segment(300, 900, "sleep"))
    (lane,) = run.lanes
    lane = replace(lane, segments=(*shorter, *lane.segments[1:]))
    assert drawn.moment(replace(run, lanes=(lane,)), "left lock") == 1000


def test_a_lane_is_told_in_words() -> None:
    words = drawn.in_words(Lane("thread", "main", (Segment(0, 20_731, "sleep"),)))
    assert words == "main: from 0 ms: sleeps 21 ms."


class TestPage:
    """A small project with a program that has a timeline, really built."""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        """Return the folder of a sound project whose program has a timeline."""
        lay_out(SOUND, tmp_path)
        path = tmp_path / "snippets/basics/hello.py"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("\n\n\n", "\n\nimport threading\n\n\n", 1))
        program = catalogue.read(path)
        assert program.concurrent
        vouch_for([program], tmp_path)
        source = fingerprint(program.path)
        store.save(replace(RUN, source=source), program)
        return tmp_path

    def say(self, project: Path, text: str) -> None:
        """Add text to the page."""
        page = project / "docs/index.md"
        page.write_text(page.read_text(encoding="utf-8") + "\n" + text)

    def test_has_it_folded(self, project: Path) -> None:
        assert build(project) == (0, "")
        html = (project / "out/index.html").read_text(encoding="utf-8")
        soup = BeautifulSoup(html, "html.parser")
        [folded] = soup.select("details:has(svg)")
        assert folded.find("summary").text == "Timeline of a run"  # type: ignore[union-attr]
        assert "main: from 0 ms" in folded.text

    def test_has_it_open_with_moments(self, project: Path) -> None:
        self.say(project, DIRECTIVE.format('"now: it": It *has*.\nmain lock: Stuck.'))
        assert build(project) == (0, "")
        html = (project / "out/index.html").read_text(encoding="utf-8")
        soup = BeautifulSoup(html, "html.parser")
        assert not soup.select("details:has(svg)")
        assert [li.text for li in soup.select(".moments li")] == [
            "It has.",
            "Stuck.",
        ]
        assert len(soup.select("svg circle")) == 2

    def test_has_a_part_of_it(self, project: Path) -> None:
        options = ":from: main lock\n:span: 2"
        self.say(project, DIRECTIVE.format(options))
        assert build(project) == (0, "")
        html = (project / "out/index.html").read_text(encoding="utf-8")
        ticks = re.findall(r'class="tick"[^>]*>([\d.]+)', html)
        assert (min(map(float, ticks)), max(map(float, ticks))) == (2, 4)

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            (
                DIRECTIVE.format("main luck: no"),
                "has no moment main luck; it has",
            ),
            (DIRECTIVE.format("no colon"), "'no colon' is not a moment; write"),
            ("```{timeline} basics/helo\n```\n", "there is no program basics/helo;"),
        ],
        ids=["unknown moment", "no moment", "unknown program"],
    )
    def test_says_what_is_wrong_with_it(
        self, project: Path, text: str, complaint: str
    ) -> None:
        self.say(project, text)
        status, said = build(project)
        assert status != 0
        assert complaint in said
        assert re.search(r"docs/index\.md:\d+: ", said)

    def test_is_not_built_with_one_that_is_stale(self, project: Path) -> None:
        path = project / "snippets/basics/hello.timeline.json"
        path.write_text(path.read_text(encoding="utf-8")[:100], encoding="utf-8")
        status, said = build(project)
        assert status != 0
        assert "snippets/basics/hello.timeline.json: is cut short" in said
        assert "nox -s record -- basics/hello" in said
