"""Where evidence comes from: of which text, by which Python, on what machine, when."""

import datetime as dt
import hashlib
import os
import platform
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from snippets._tools.evidence import files
from snippets._tools.evidence.files import EvidenceError


@dataclass(frozen=True, order=True)
class Provenance:
    """What all evidence has; the kinds of it add what they tell.

    ``source`` is the fingerprint of what was run, ``python`` an exact release, such as
    3.14.8 or the free-threaded 3.14.8t, and ``date`` is in UTC.
    """

    source: str
    python: str
    machine: str
    date: str

    @classmethod
    def here(cls, source: str, **more: Any) -> Self:  # noqa: ANN401 - of each its own
        """Return evidence that has just been found on this machine."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        return cls(source=source, python=python(), machine=machine(), date=now, **more)

    @classmethod
    def load(cls, path: Path, cure: str) -> Self | None:
        """Return what ``save`` has written; nothing if there is no such file.

        Raises:
            EvidenceError: if it is something else; ``cure`` is what then helps.
        """
        content = files.read(path, cls.__name__.lower(), cure)
        if content is None:
            return None
        try:
            return cls.from_json(content)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            message = f"{path}: is no {cls.__name__.lower()} ({error}); {cure}."
            raise EvidenceError(message) from error

    def save(self, path: Path) -> None:
        """Write it, in one step.

        Raises:
            EvidenceError: if it cannot be written; what was there still is.
        """
        files.write(path, type(self).__name__.lower(), self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return its fields; a kind with lists in them says how it has them."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Return what ``to_json`` gave; anything else raises an error."""
        return cls(**content)

    @property
    def day(self) -> str:
        """The day, for people."""
        return self.date[:10]

    @property
    def feature(self) -> str:
        """The feature release, such as 3.14 or 3.14t."""
        major, minor, *_ = self.python.split(".")
        return f"{major}.{minor}{'t' * self.python.endswith('t')}"


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a text, in hexadecimal; empty if there is no such file.

    The ends of lines do not matter, since git may change them.
    """
    if not path.exists():
        return ""
    return hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()


def python() -> str:
    """Return the exact release of this Python; a free-threaded one ends with t."""
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return platform.python_version() + free_threaded


def machine() -> str:
    """Describe this machine: system, architecture and number of cores."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
