"""What ``nox -s bench`` has measured: committed, and drawn by the site as charts.

Each measurement is a file, with its own machine and date, and bound to what it ran.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Self

from snippets._tools.bench import memory, workloads
from snippets._tools.catalogue import SNIPPETS
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.evidence.provenance import Provenance
from snippets.cases import parallel_data, pickling_cost

FOLDER = SNIPPETS / "_tools/bench/measured"
CURE = "nox -s bench"
WORKLOADS = workloads, parallel_data, pickling_cost
MEASURED = {"memory": (memory,)}  # and of all others the workloads


class MeasurementError(Exception):
    """Something cannot be measured; the text says why."""


class Point(NamedTuple):
    """A median of some runs with the least and the most, in seconds or bytes.

    ``x`` is what the series is drawn against, if anything.
    """

    series: str
    x: int | None
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Measurement(Provenance):
    """The points of a workload, medians of so many runs.

    ``missing`` says for each series that could not be measured why not.
    """

    repeats: int
    points: tuple[Point, ...]
    missing: dict[str, str]

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Return what ``to_json`` gave; anything else raises an error."""
        points = tuple(_checked(Point(*item)) for item in content.pop("points"))
        if not points:
            message = "a measurement without a point"
            raise ValueError(message)
        return cls(points=points, **content)


def _checked(point: Point) -> Point:
    if not 0 < point.low <= point.median <= point.high:
        message = f"{point} cannot be"
        raise ValueError(message)
    return point


def modules_of(name: str) -> tuple[ModuleType, ...]:
    """Return the modules whose code a measurement runs."""
    return MEASURED.get(name, WORKLOADS)


def fingerprint(name: str) -> str:
    """Return what identifies the code that is measured."""
    paths = (Path(str(module.__file__)) for module in modules_of(name))
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def measured(
    name: str, points: Iterable[Point], missing: dict[str, str], repeats: int
) -> Measurement:
    """Return what has just been measured here."""
    return Measurement.here(
        fingerprint(name), repeats=repeats, points=tuple(points), missing=missing
    )


def load(name: str, folder: Path = FOLDER) -> Measurement:
    """Return a measurement that can be shown.

    Raises:
        EvidenceError: if there is none, if what it measured has changed since, or if
            the file is not what ``save`` writes.
    """
    path, cure = folder / f"{name}.json", f"{CURE} -- {name}"
    found = Measurement.load(path, f"measure it anew: {cure}")
    if found is None:
        message = f"{path.name}: there is no such measurement; make it: {cure}"
        raise EvidenceError(message)
    if found.source != fingerprint(name):
        files = ", ".join(
            Path(str(module.__file__)).name for module in modules_of(name)
        )
        message = (
            f"{path.name}: what it measures, {files}, has changed since; "
            f"measure it anew: {cure}"
        )
        raise EvidenceError(message)
    return found


def save(name: str, found: Measurement, folder: Path = FOLDER) -> None:
    """Write a measurement.

    Raises:
        EvidenceError: if it cannot be written.
    """
    found.save(folder / f"{name}.json")
