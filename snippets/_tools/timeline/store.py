"""What a program did in a recorded run: a lane for each thread, process and task.

A timeline is committed beside its program, ``<name>.timeline.json``, and bound to it.
"""

import json
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import NoReturn

from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.evidence import ledger

STATES = {
    "running": "runs",
    "sleep": "sleeps",
    "lock": "waits for a lock",
    "queue": "waits at a queue",
    "event": "waits for an event",
    "join": "waits for others to end",
    "start": "starts another",
    "io": "waits for input or output",
    "gil": "waits for the GIL",
    "core": "waits for a core",
    "other": "waits, for what is not known",
    "idle": "has nothing to do",
}


@dataclass(frozen=True)
class Segment:
    """What a lane did from ``start`` to ``end``, in microseconds; ``STATES`` has it."""

    start: int
    end: int
    state: str


@dataclass(frozen=True)
class Lane:
    """A thread, a process or a task: its ``kind``, its name and what it did."""

    kind: str
    name: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Moment:
    """A line that was printed: when, in microseconds, by which lane, and its text."""

    at: int
    lane: int
    text: str


@dataclass(frozen=True)
class Timeline:
    """A recorded run of the program with the fingerprint ``source``.

    ``length`` is how long its main() took, in microseconds; ``left_out`` how many
    lanes there were besides those that are kept.
    """

    source: str
    python: str
    machine: str
    date: str
    length: int
    lanes: tuple[Lane, ...]
    moments: tuple[Moment, ...]
    left_out: int


def path_of(program: Program) -> Path:
    """Return where the timeline of a program is, if it has one."""
    return program.path.with_suffix(".timeline.json")


def save(timeline: Timeline, program: Program) -> None:
    """Write a timeline beside its program, a lane in each line."""
    lanes, moments = (
        ",\n  ".join(json.dumps(astuple(item)) for item in items)
        for items in (timeline.lanes, timeline.moments)
    )
    head = {
        name: getattr(timeline, name)
        for name in ("source", "python", "machine", "date", "length", "left_out")
    }
    text = (
        json.dumps(head, indent=1).removesuffix("\n}")
        + f',\n "lanes": [\n  {lanes}\n ],\n "moments": [\n  {moments}\n ]\n}}\n'
    )
    path_of(program).write_text(text, encoding="utf-8")


def load(program: Program) -> Timeline:
    """Return the timeline of a program.

    Raises:
        CatalogueError: if there is none, if it is of another version of the program, or
            if it is not what ``save`` writes.
    """
    path = path_of(program)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        lanes = tuple(
            Lane(kind, name, tuple(_segment(*item) for item in segments))
            for kind, name, segments in content.pop("lanes")
        )
        moments = tuple(Moment(*item) for item in content.pop("moments"))
        timeline = Timeline(lanes=lanes, moments=moments, **content)
    except FileNotFoundError:
        _refuse(program, "has no timeline yet")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _refuse(program, f"has a damaged timeline, {path.name} ({error})")
    if timeline.source != ledger.evidence(program).source:
        _refuse(program, "has changed since its timeline was recorded")
    return timeline


def complaint(program: Program) -> str:
    """Say why there is no timeline to show of a program that needs one, or nothing."""
    try:
        if program.concurrent:
            load(program)
    except CatalogueError as error:
        return str(error)
    return ""


def _segment(start: int, end: int, state: str) -> Segment:
    if not (start <= end and state in STATES):
        message = f"{start} to {end}: {state!r} cannot be"
        raise ValueError(message)
    return Segment(start, end, state)


def _refuse(program: Program, reason: str) -> NoReturn:
    message = f"{program.where}:1: {reason}; record it: nox -s record -- {program.name}"
    raise CatalogueError(message)
