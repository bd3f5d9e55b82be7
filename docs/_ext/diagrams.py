"""Draw the few ideas that need a picture: ``{diagram} NAME``, its caption below.

A diagram is a function. The first line of its docstring is its name for a screen
reader, and the rest says in Markdown what it shows, for who cannot see it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc

import shapes
from docutils import nodes
from pictures import details, figure
from shapes import Sketch
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata


@dataclass(frozen=True)
class Diagram:
    """A diagram: ``title`` names it, ``words``, in Markdown, say what it shows."""

    title: str
    words: str
    svg: str


DIAGRAMS: dict[str, Diagram] = {}


def diagram(height: int) -> Callable[[Callable[[Sketch], None]], None]:
    """Register a function that draws a diagram so many units high."""

    def register(draw: Callable[[Sketch], None]) -> None:
        title, _, words = cleandoc(draw.__doc__ or "").partition("\n\n")
        sketch = Sketch(height, title)
        draw(sketch)
        DIAGRAMS[draw.__name__] = Diagram(title, words, str(sketch))

    return register


@diagram(height=260)
def gil_hand_over(sketch: Sketch) -> None:
    """Three threads and one GIL.

    Time runs from left to right, and each thread has a line of its own.

    1. Thread A holds the GIL and runs.
       Thread B wants the GIL and waits.
    2. After the switch interval of 5 ms, B asks A for it.
    3. A gives the GIL to B.
       Now B holds it and runs, and A wants it and waits.
    4. After another 5 ms A asks, and B gives.

    Meanwhile thread C waits for I/O.
    It does so without the GIL, and does not want it before its reply is there.
    """
    given, back, end = 196, 316, 420
    interval = back - given
    for name, y in (("Thread A", 52), ("Thread B", 133), ("Thread C", 219)):
        sketch.label(0, y, name, class_="name")
    for x, stop, y in ((68, given, 32), (back, end, 32), (given, back, 113)):
        sketch.box(x, y, stop - x, 30, "runs")
        sketch.key((x + stop) // 2 - 29, y + 15)
        sketch.label((x + stop) // 2 - 2, y + 20, "runs")
    for x, stop, y in ((given - interval, given, 113), (back, end, 113)):
        sketch.box(x, y, stop - x, 30, "waits", "wants the GIL")
    sketch.box(given, 32, interval, 30, "waits", "wants the GIL")
    sketch.span(given, back, 22, "5 ms", 14)
    sketch.span(given - interval, given, 153, "switch interval: 5 ms", 172)
    for x, asker, giver in ((given, 113, 62), (back, 62, 113)):
        sketch.arrow((x - 14, asker), (x - 14, giver))
        sketch.label(x - 18, 92, "asks", anchor="end")
        sketch.arrow((x, giver), (x, asker))
        sketch.label(x + 6, 92, "gives")
        sketch.key(x + 44, 88)
    sketch.box(68, 199, 306, 30, "gone", "waits for I/O, without the GIL")
    sketch.box(374, 199, 46, 30, "waits")
    sketch.label(374, 180, "reply", class_="note", anchor="middle")
    sketch.arrow((374, 184), (374, 199))
    sketch.arrow((68, 250), (420, 250))
    sketch.label(0, 254, "time", class_="note")


@diagram(height=280)
def event_loop(sketch: Sketch) -> None:
    """A ready queue, one task that runs, and those that wait.

    - The *ready queue* holds the tasks that can go on: tea is next, then eggs and soup.
      The loop takes the first of them and runs it.
    - *One at a time* runs, now toast.
      What it hands to `create_task()` or `call_soon()` goes to the end of the queue.
      At an `await` of something that is not there yet, it joins those that wait.
    - The others are *waiting*, for a socket, for a time or for a result.
      As soon as it is there they go to the end of the queue: the selector tells that a
      socket is ready, a timer is due, a task sets the result of another.
    """
    sketch.label(0, 14, "Ready queue", class_="name")
    sketch.box(0, 24, 232, 54, "place")
    for x, text in ((10, "soup"), (83, "eggs"), (156, "tea")):
        sketch.box(x, 34, 66, 34, "ready", text)
    sketch.label(300, 14, "One at a time", class_="name")
    sketch.box(300, 24, 120, 54, "runs", "toast runs")
    sketch.arrow((232, 51), (300, 51))
    sketch.label(266, 42, "next", anchor="middle")
    sketch.arrow((330, 78), (330, 100), (54, 100), (54, 78))
    sketch.label(192, 117, "create_task(), call_soon()", class_="code", anchor="middle")
    sketch.arrow((390, 78), (390, 174))
    sketch.label(382, 150, "await", class_="code", anchor="end")
    sketch.arrow((32, 174), (32, 78))
    sketch.label(40, 150, "as soon as it is there")
    sketch.box(0, 174, 420, 104, "place")
    sketch.label(12, 195, "Waiting", class_="name")
    for x, what, who in (
        (12, "for a socket", "the selector tells"),
        (148, "for a time", "the timer is due"),
        (284, "for a result", "a task sets it"),
    ):
        sketch.box(x, 206, 124, 34, "waits", what)
        sketch.label(x + 62, 261, who, class_="note", anchor="middle")


@diagram(height=290)
def back_pressure(sketch: Sketch) -> None:
    """A bounded queue between producers and consumers.

    - *Full*: all four places are taken.
      The producers wait in `put()`, the consumers work.
    - *Empty*: all four places are free.
      The consumers wait in `get()`, the producers work.
    - *Counted*: each `put()` adds one to the unfinished tasks, each `task_done()`
      takes one off, and `join()` waits until there are none.
    """
    for y, title, items, kinds in (
        (0, "Full: put() waits", 4, ("waits", "runs")),
        (106, "Empty: get() waits", 0, ("runs", "waits")),
    ):
        sketch.label(210, y + 14, title, class_="name", anchor="middle")
        for x, text, kind in ((0, "producers", kinds[0]), (316, "consumers", kinds[1])):
            sketch.box(x + 5, y + 27, 98, 40, kind)
            sketch.box(x, y + 33, 98, 40, "sheet")
            sketch.box(x, y + 33, 98, 40, kind, text)
        sketch.box(140, y + 30, 140, 46, "place")
        for place in range(4):
            kind = "item" if place >= 4 - items else "free"
            sketch.box(146 + 33 * place, y + 38, 29, 30, kind)
        sketch.arrow((103, y + 53), (140, y + 53), blocked=kinds[0] == "waits")
        sketch.arrow((280, y + 53), (316, y + 53), blocked=kinds[1] == "waits")
    sketch.label(
        210, 226, "Counted: join() waits for 0", class_="name", anchor="middle"
    )
    sketch.box(140, 240, 140, 40, "place", "unfinished tasks")
    for x, end, change in ((98, 140, "+1"), (322, 280, "\N{MINUS SIGN}1")):
        sketch.arrow((x, 260), (end, 260))
        sketch.label((x + end) / 2, 252, change, anchor="middle")
    sketch.label(92, 264, "put()", class_="code", anchor="end")
    sketch.label(328, 264, "task_done()", class_="code")


@diagram(height=356)
def start_methods(sketch: Sketch) -> None:
    """What a child process has, by fork, spawn and forkserver.

    The parent has a main thread, a worker thread that holds a lock, and its memory.

    - The child of *fork* is a copy of the parent.
      It has the main thread, and all memory is copied.
      There is no worker thread in it, and the lock that it held is still locked.
    - The child of *spawn* is a new Python.
      It has a main thread of its own, the main module, which it has imported, and its
      arguments, unpickled.
    - The child of *forkserver* is a copy of a clean server, which is started once.
      It has the same as a child of spawn; the main module was imported by the server,
      once for all children, or before Python 3.13.8 and in 3.14.0 by the child.
    """
    sketch.box(0, 0, 420, 78, "place")
    sketch.label(12, 21, "Parent", class_="name")
    sketch.box(12, 32, 104, 34, "runs", "main thread")
    sketch.box(126, 32, 186, 34, "runs")
    sketch.padlock(142, 50)
    sketch.label(164, 54, "worker holds a lock")
    sketch.box(322, 32, 86, 34, "ready", "memory")
    sketch.arrow((66, 78), (66, 168))
    sketch.label(74, 128, "a copy")
    sketch.arrow((210, 78), (210, 168))
    sketch.label(218, 120, "a new", "Python")
    sketch.arrow((354, 78), (354, 102))
    sketch.label(362, 94, "once", class_="note")
    sketch.box(300, 102, 108, 32, "place", "clean server")
    sketch.arrow((354, 134), (354, 168))
    sketch.label(362, 155, "a copy")
    for x, method in ((0, "fork"), (144, "spawn"), (288, "forkserver")):
        sketch.box(x, 168, 132, 186, "place")
        sketch.label(x + 66, 190, method, class_="code name", anchor="middle")
        sketch.box(x + 8, 202, 116, 30, "runs", "main thread")
        if method != "fork":
            sketch.box(x + 8, 240, 116, 49, "ready", "main module,", "imported")
            sketch.box(x + 8, 297, 116, 49, "ready", "arguments,", "unpickled")
    sketch.box(8, 240, 116, 30, "gone", "no worker")
    sketch.box(8, 278, 116, 30, "ready")
    sketch.padlock(19, 294)
    sketch.label(38, 298, "still locked")
    sketch.box(8, 316, 116, 30, "ready", "memory, copied")


class DiagramDirective(SphinxDirective):
    """A diagram by its name; the content is its caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing, its caption and its words."""
        name = self.arguments[0]
        if name not in DIAGRAMS:
            message = f"there is no diagram {name}, only {', '.join(DIAGRAMS)}"
            raise self.error(message)
        self.assert_has_content()
        for module in (__file__, shapes.__file__):
            self.env.note_dependency(module)
        found = DIAGRAMS[name]
        caption, messages = self.parse_inline("\n".join(self.content))
        in_words = details("In words", *self.parse_text_to_nodes(found.words))
        below = figure(found.svg, found.title, caption, in_words, kind="diagram")
        return [below, *messages]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.setup_extension("pictures")
    app.add_directive("diagram", DiagramDirective)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
