"""What a program did in a recorded run: a lane for each thread, process and task.

A timeline is committed beside its program, ``<name>.timeline.json``, and bound to it.
"""

from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, NoReturn, Self

from snippets._tools.catalogue import Program
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.evidence.provenance import Provenance, fingerprint
from snippets._tools.evidence.recordings import cure_of

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
class Timeline(Provenance):
    """A recorded run of a program.

    ``length`` is how long its main() took, in microseconds; ``left_out`` how many
    lanes there were besides those that are kept.
    """

    length: int
    lanes: tuple[Lane, ...]
    moments: tuple[Moment, ...]
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Return it with lists instead of segments, lanes and moments."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Return what ``to_json`` gave; anything else raises an error."""
        lanes = tuple(
            Lane(kind, name, tuple(_segment(*item) for item in segments))
            for kind, name, segments in content.pop("lanes")
        )
        moments = tuple(Moment(*item) for item in content.pop("moments"))
        return cls(lanes=lanes, moments=moments, **content)


def _plain(value: object) -> object:
    return [astuple(item) for item in value] if isinstance(value, tuple) else value


def path_of(program: Program) -> Path:
    """Return where the timeline of a program is, if it has one."""
    return program.path.with_suffix(".timeline.json")


def save(timeline: Timeline, program: Program) -> None:
    """Write a timeline beside its program.

    Raises:
        EvidenceError: if it cannot be written.
    """
    timeline.save(path_of(program))


def load(program: Program) -> Timeline:
    """Return the timeline of a program.

    Raises:
        EvidenceError: if there is none, if it is of another version of the program, or
            if it is not what ``save`` writes.
    """
    timeline = Timeline.load(path_of(program), cure_of(program))
    if timeline is None:
        _refuse(program, "has no timeline yet")
    if timeline.source != fingerprint(program.path):
        _refuse(program, "has changed since its timeline was recorded")
    return timeline


def complaint(program: Program) -> str:
    """Say why there is no timeline to show of a program that needs one, or nothing."""
    try:
        if program.concurrent:
            load(program)
    except EvidenceError as error:
        return str(error)
    return ""


def _segment(start: int, end: int, state: str) -> Segment:
    if not (start <= end and state in STATES):
        message = f"{start} to {end}: {state!r} cannot be"
        raise ValueError(message)
    return Segment(start, end, state)


def _refuse(program: Program, reason: str) -> NoReturn:
    message = f"{program.where}:1: {reason}; {cure_of(program)}"
    raise EvidenceError(message)
