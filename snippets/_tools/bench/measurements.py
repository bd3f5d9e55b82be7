"""What ``nox -s bench`` has measured: committed, and drawn by the site as charts.

Each measurement has its own machine and date, and is bound to the code that it ran.
"""

import datetime as dt
import hashlib
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from snippets._tools.bench import workloads
from snippets._tools.catalogue import SNIPPETS
from snippets._tools.evidence import ledger
from snippets.cases import parallel_data, pickling_cost

FILE = SNIPPETS / "_tools/bench/measurements.json"
CURE = "nox -s bench"
MEASURED = workloads, parallel_data, pickling_cost


class MeasurementError(Exception):
    """What was measured cannot be used; the text names the file and the cure."""


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
class Measurement:
    """The points of a workload with the fingerprint ``source``, and their origin.

    ``missing`` says for each series that could not be measured why not.
    """

    source: str
    python: str
    machine: str
    date: str
    repeats: int
    points: tuple[Point, ...]
    missing: dict[str, str]

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Return what ``save`` has written; anything else raises an error."""
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


def fingerprint() -> str:
    """Return what identifies the code that is measured."""
    files = (Path(str(module.__file__)).read_bytes() for module in MEASURED)
    return hashlib.sha256(b"".join(files)).hexdigest()


def measured(
    points: Iterable[Point], missing: dict[str, str], repeats: int
) -> Measurement:
    """Return what has just been measured here."""
    return Measurement(
        source=fingerprint(),
        python=platform.python_version(),
        machine=ledger.machine(),
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        repeats=repeats,
        points=tuple(points),
        missing=missing,
    )


def load(path: Path = FILE) -> dict[str, Measurement]:
    """Return every measurement by its name; none if there is no file.

    Raises:
        MeasurementError: if the file is not what ``save`` writes.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: Measurement.from_json(item) for name, item in content.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        message = (
            f"{path.name}: is damaged ({error}); restore it, "
            f"or delete it and measure everything anew: {CURE}"
        )
        raise MeasurementError(message) from error


def save(found: dict[str, Measurement], path: Path = FILE) -> None:
    """Write measurements in one step, a point in each line."""
    draft = path.with_suffix(f".{os.getpid()}.draft")
    items = ",\n".join(f'"{name}": {_to_json(found[name])}' for name in sorted(found))
    draft.write_text(f"{{\n{items}\n}}\n", encoding="utf-8")
    draft.replace(path)


def _to_json(item: Measurement) -> str:
    head = asdict(item)
    points = ",\n  ".join(json.dumps(point) for point in head.pop("points"))
    text = json.dumps(head, indent=1).removesuffix("\n}")
    return f'{text},\n "points": [\n  {points}\n ]}}'


def complaint(name: str, found: dict[str, Measurement]) -> str:
    """Say why a measurement cannot be shown; nothing if it can."""
    if name not in found:
        return f"{FILE.name}: has no measurement {name}; make it: {CURE} -- {name}"
    if found[name].source != fingerprint():
        return (
            f"{FILE.name}: what is measured, {_measured()}, has changed since {name} "
            f"was; measure it anew: {CURE} -- {name}"
        )
    return ""


def _measured() -> str:
    """Return the names of the files whose code is measured."""
    return ", ".join(Path(str(module.__file__)).name for module in MEASURED)
