"""Draw what the threads, processes and tasks of a program did in its recorded run.

A page that says nothing has the timeline of each program folded below it. With the
directive it is open, and the moments that the text speaks of are marked::

    ```{timeline} threads/back_pressure
    Thread-1 (produce) queue: there is no room, and `put` waits.
    "consumer: took": room again.
    ```

A moment is the beginning of a lane's longest time in a state, or a printed line. Who
looks up now and then, and waits on, has waited all the time.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

from docs._ext.figures.evidence import Line
from docs._ext.figures.pictures import WIDTH, Drawing, details, figure, round_step
from docs._ext.gate.blocks import known_programs
from snippets._tools.catalogue import Program
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.timeline.store import (
    STATES,
    Lane,
    Segment,
    Timeline,
    load,
    path_of,
)

WORDS = {  # on a lane, and in the legend
    "running": "runs",
    "sleep": "sleep",
    "lock": "lock",
    "queue": "queue",
    "event": "event",
    "join": "waits for others",
    "start": "starts another",
    "io": "I/O",
    "gil": "GIL",
    "core": "no core free",
    "other": "waits",
    "idle": "idle",
}
MOMENT = re.compile(r'(?P<key>"[^"]*"|[^":]+): (?P<said>.+)')
LEFT, RIGHT, TOP = 6.0, 414.0, 22.0
LANE = 40.0  # from lane to lane: a name, and below it a bar
BAR = 12.0
RADIUS = 8.0  # of a mark
LETTER = 6.0  # the width of one, about
BLIP = 1.2  # what runs is seen, however short
LONGEST_NAME = 60


@dataclass(frozen=True)
class View:
    """The part of a timeline that is shown, in microseconds."""

    timeline: Timeline
    start: int
    end: int

    def x(self, at: float) -> float:
        """Return where a time is in the picture."""
        part = (at - self.start) / max(self.end - self.start, 1)
        return LEFT + part * (RIGHT - LEFT)

    def width(self, segment: Segment) -> float:
        """Return how wide a segment is in the picture."""
        return self.x(segment.end) - self.x(segment.start)

    def segments(self, lane: Lane) -> Iterator[Segment]:
        """Yield what is seen of a lane."""
        for segment in lane.segments:
            start, end = max(segment.start, self.start), min(segment.end, self.end)
            if start < end:
                yield replace(segment, start=start, end=end)

    def spells(self, lane: Lane) -> list[Segment]:
        """Return what is seen of a lane; interruptions that are blips do not count."""
        found: list[Segment] = []
        last: dict[str, int] = {}  # of each state, its place in the list
        brief = BLIP / (RIGHT - LEFT) * (self.end - self.start)
        for segment in self.segments(lane):
            number = last.get(segment.state)
            if number is not None and segment.start - found[number].end < brief:
                found[number] = replace(found[number], end=segment.end)
            else:
                last[segment.state] = len(found)
                found.append(segment)
        return found

    def lanes(self) -> list[Lane]:
        """Return the lanes of which something is seen."""
        return [lane for lane in self.timeline.lanes if any(self.segments(lane))]


def draw(view: View, marks: Iterable[int], name: str) -> Drawing:
    """Return the picture of a timeline."""
    lanes = view.lanes()
    states = [
        state
        for state in STATES
        if any(
            segment.state == state and view.width(segment) > BLIP
            for lane in lanes
            for segment in view.segments(lane)
        )
    ]
    bottom = TOP + len(lanes) * LANE
    rows = list(_legend_rows(states))
    drawing = Drawing(WIDTH, bottom + 34 + 18 * len(rows), name)
    _draw_axis(drawing, view, bottom)
    for number, lane in enumerate(lanes):
        _draw_lane(drawing, view, lane, TOP + number * LANE)
    _draw_marks(drawing, [view.x(mark) for mark in marks], bottom)
    for number, row in enumerate(rows):
        for x, state in row:
            y = bottom + 40 + 18 * number
            _draw_bars(drawing, [(x, x + 22)], y - 9, state)
            drawing.text(x + 27, y, WORDS[state], "note")
    return drawing


def _draw_lane(drawing: Drawing, view: View, lane: Lane, top: float) -> None:
    label = lane.name if len(lane.name) <= LONGEST_NAME else lane.name[:58] + "…"
    drawing.text(LEFT, top + 14, label, lane.kind)
    places: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for segment in view.segments(lane):
        places[segment.state].append((view.x(segment.start), view.x(segment.end)))
    for state in sorted(places, key="running".__eq__):  # blocks above lines
        _draw_bars(drawing, places[state], top + 20, state)
    for segment in view.spells(lane):
        word = WORDS[segment.state]
        if segment.state != "running" and view.width(segment) > LETTER * len(word) + 10:
            middle = view.x((segment.start + segment.end) / 2)
            drawing.text(middle, top + 30, word, "word", "middle")


def _draw_marks(drawing: Drawing, places: list[float], bottom: float) -> None:
    """Draw numbers beside each other, and a line from each to its place."""
    right = LEFT - 2 * RADIUS
    for number, x in enumerate(places, start=1):
        room = 2 * RADIUS * (len(places) - number)
        right = min(max(right + 2 * RADIUS + 1, x), WIDTH - RADIUS - room)
        drawing.path([(right, TOP - 4), (x, TOP + 2), (x, bottom)], "mark")
        drawing.add("circle", cx=right, cy=TOP - 13, r=RADIUS, class_="mark")
        drawing.text(right, TOP - 9, str(number), "mark-number", "middle")


def _draw_bars(
    drawing: Drawing, places: Iterable[tuple[float, float]], top: float, state: str
) -> None:
    """Draw blocks for what runs, and lines of its own kind for each other state."""
    if state == "running":
        widths = [(min(x1, RIGHT - BLIP), max(x2 - x1, BLIP)) for x1, x2 in places]
        bars = [
            f"M{x:.1f} {top}h{width:.1f}v{BAR}h-{width:.1f}z" for x, width in widths
        ]
        drawing.add("path", d="".join(bars), class_=state)
    else:
        middle = top + BAR / 2
        bars = [f"M{x1:.1f} {middle}H{x2:.1f}" for x1, x2 in places]
        drawing.add("path", d="".join(bars), class_=f"state {state}")


def _draw_axis(drawing: Drawing, view: View, bottom: float) -> None:
    drawing.line(LEFT, bottom + 5, RIGHT, bottom + 5, "axis")
    step = round_step(max(view.end - view.start, 10))
    for number in range(math.ceil(view.start / step), math.floor(view.end / step) + 1):
        x = view.x(number * step)
        drawing.line(x, TOP, x, bottom + 9, "grid")
        text = f"{number * step / 1000:g}"
        last = x > RIGHT - 20
        unit = " ms" if number * step + step > view.end else ""
        drawing.text(x, bottom + 20, text + unit, "tick", "end" if last else "middle")


def _legend_rows(states: Iterable[str]) -> Iterator[list[tuple[float, str]]]:
    row: list[tuple[float, str]] = []
    x = LEFT
    for state in states:
        width = 27 + LETTER * len(WORDS[state]) + 14
        if row and x + width > RIGHT:
            yield row
            row, x = [], LEFT
        row.append((x, state))
        x += width
    yield row


def in_words(lane: Lane) -> str:
    """Say what a lane did, and for how long."""
    times = Counter[str]()
    for segment in lane.segments:
        times[segment.state] += segment.end - segment.start
    told = [
        f"{STATES[state]} {_milliseconds(time)}" for state, time in times.most_common()
    ]
    first = lane.segments[0].start
    return f"{lane.name}: from {_milliseconds(first)}: {', '.join(told)}."


def _milliseconds(microseconds: int) -> str:
    """Write a time with the two digits that mean something.

    >>> _milliseconds(150_731), _milliseconds(731), _milliseconds(3)
    ('151 ms', '0.73 ms', '0.003 ms')
    """
    time = microseconds / 1000
    return f"{time:.0f} ms" if time >= 10 else f"{time:.2g} ms"


def picture(program: Program, view: View, marks: list[int]) -> nodes.container:
    """Return a timeline with its caption, and the same in words."""
    timeline = view.timeline
    drawing = draw(view, marks, f"Timeline of {program.name}")
    words = [in_words(lane) for lane in view.lanes()]
    items = nodes.bullet_list(
        "", *(nodes.list_item("", nodes.paragraph("", word)) for word in words)
    )
    more = f" {timeline.left_out} more are not shown." if timeline.left_out else ""
    caption = nodes.Text(
        f"A run of {program.path.name}, recorded on {timeline.day} with Python "
        f"{timeline.python} on {timeline.machine}.{more}"
    )
    shown = figure(
        str(drawing),
        " ".join(words),
        [caption],
        details("In words", items),
        kind="timeline",
    )
    shown["program"] = program.name
    return shown


class UnknownMomentError(Exception):
    """A page speaks of a moment that the recorded run does not have."""


def moment(timeline: Timeline, key: str) -> int:
    """Return when a moment was, in microseconds.

    Raises:
        UnknownMomentError: if there is none; those that there are are named.
    """
    if key.startswith('"'):
        for printed in timeline.moments:
            if printed.text.startswith(key.strip('"')):
                return printed.at
        known = "; ".join(f'"{printed.text}"' for printed in timeline.moments)
    else:
        name, _, state = key.rpartition(" ")
        found = [
            segment
            for lane in timeline.lanes
            if lane.name == name
            for segment in View(timeline, 0, timeline.length).spells(lane)
            if segment.state == state
        ]
        if found:
            return max(found, key=lambda segment: segment.end - segment.start).start
        known = "; ".join(
            f"{lane.name}: {', '.join(sorted({s.state for s in lane.segments}))}"
            for lane in timeline.lanes
        )
    message = f"its recorded run has no moment {key}; it has {known}"
    raise UnknownMomentError(message)


class TimelineDirective(SphinxDirective):
    """The timeline of a program, with the moments that the text speaks of.

    With ``from``, a moment, and ``span``, milliseconds, only a part of it is shown.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "from": directives.unchanged_required,
        "span": directives.positive_int,
    }

    def run(self) -> list[nodes.Node]:
        """Return the picture, with the moments in a list below it."""
        name = self.arguments[0]
        program = known_programs(self.env.app).get(name)
        if program is None:
            message = f"there is no program {name}; `python -m snippets list` has all"
            raise self.error(message)
        self.env.note_dependency(str(path_of(program)))
        try:
            timeline = load(program)
            marks = [moment(timeline, key) for key, _ in self._moments()]
            result = picture(program, self._view(timeline), marks)
        except (EvidenceError, UnknownMomentError) as error:
            raise self.error(str(error)) from error
        said = nodes.enumerated_list("", classes=["moments"])
        for _, text in self._moments():
            parsed, messages = self.parse_inline(text)
            said += nodes.list_item("", nodes.paragraph("", "", *parsed), *messages)
        if said.children:
            result.insert(1, said)
        return [result]

    def _moments(self) -> Iterator[tuple[str, str]]:
        """Yield each moment that the page speaks of, and what it says."""
        for line in self.content:
            found = MOMENT.fullmatch(line)
            if not found:
                message = (
                    f"{line!r} is not a moment; write `LANE STATE: what happens` or "
                    '`"WHAT IS PRINTED": what happens`'
                )
                raise self.error(message)
            yield found["key"], found["said"]

    def _view(self, timeline: Timeline) -> View:
        if "from" not in self.options:
            return View(timeline, 0, timeline.length)
        start = moment(timeline, self.options["from"])
        end = start + 1000 * self.options.get("span", timeline.length)
        return View(timeline, start, min(end, timeline.length))


def add_timelines(app: Sphinx, doctree: nodes.document) -> None:
    """Fold a timeline below each program that the page says nothing about."""
    figures = doctree.findall(nodes.container)
    said = {f["program"] for f in figures if "timeline" in f["classes"]}
    for line in list(doctree.findall(Line)):
        program = known_programs(app)[line["program"]]
        if not program.concurrent:
            continue
        app.env.note_dependency(str(path_of(program)))
        timeline = load(program)
        if program.name not in said and len(timeline.lanes) > 1:
            shown = picture(program, View(timeline, 0, timeline.length), [])
            place = line.parent.index(line) + 1
            line.parent.insert(place, details("Timeline of a run", shown))
