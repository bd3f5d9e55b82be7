"""The ledger: which programs ran, on which Pythons, and how it went.

The tests and ``python -m snippets verify`` write it, the site is built from it.
"""

import contextlib
import datetime as dt
import hashlib
import json
import os
import platform
import sysconfig
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from snippets._tools.catalogue import ROOT, Program

FORMAT = 1
LEDGER = ROOT / "build/ledger.json"
ANEW = "delete it, and verify anew: nox -s tests"
SLACK = dt.timedelta(days=1)  # that clocks of several machines may differ
LOCK_LIMIT = 30.0  # seconds to wait for another process that writes


class LedgerError(Exception):
    """A ledger cannot be read or written; the text names the file and the cure."""


@dataclass(frozen=True, order=True)
class Entry:
    """A run of a program: where, when, and how it went.

    ``python`` is a feature release, such as 3.14 or the free-threaded 3.14t, and
    ``release`` the exact one; ``start_method`` is empty if the program starts no
    processes; ``outcome`` is passed or failed; ``date`` is in UTC.
    """

    machine: str
    python: str
    start_method: str
    release: str
    outcome: str
    seconds: float
    date: str

    @property
    def place(self) -> tuple[str, str, str]:
        """What a later run replaces this one by."""
        return self.machine, self.python, self.start_method


@dataclass(frozen=True)
class Evidence:
    """The fingerprints of a program and of its output, and the runs they had."""

    source: str
    output: str
    entries: tuple[Entry, ...] = ()

    @property
    def passed(self) -> list[Entry]:
        """The runs that went well."""
        return [entry for entry in self.entries if entry.outcome == "passed"]

    @property
    def failed(self) -> list[Entry]:
        """The runs that did not."""
        return [entry for entry in self.entries if entry.outcome != "passed"]


Ledger = Mapping[str, Evidence]  # by the names of programs


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a text, in hexadecimal; empty if there is no such file.

    The ends of lines do not matter, since git may change them.
    """
    if not path.exists():
        return ""
    return hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()


def evidence(program: Program) -> Evidence:
    """Return the fingerprints of a program as it stands, and no runs."""
    return Evidence(fingerprint(program.path), fingerprint(program.output))


def entry(start_method: str | None, *, passed: bool, seconds: float) -> Entry:
    """Return a run that has just ended on this machine."""
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    major, minor, _ = platform.python_version_tuple()
    return Entry(
        machine=machine(),
        python=f"{major}.{minor}{free_threaded}",
        start_method=start_method or "",
        release=platform.python_version(),
        outcome="passed" if passed else "failed",
        seconds=round(seconds, 2),
        date=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )


def machine() -> str:
    """Describe this machine: system, architecture and number of cores."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def to_json(ledger: Ledger) -> dict[str, Any]:
    """Return a ledger as JSON has it."""
    return {name: asdict(ledger[name]) for name in sorted(ledger)}


def from_json(content: Mapping[str, Any]) -> Ledger:
    """Return the ledger that ``to_json`` was given."""
    return {
        name: Evidence(
            item["source"],
            item["output"],
            tuple(Entry(**run) for run in item["entries"]),
        )
        for name, item in content.items()
    }


def _seal(programs: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(programs, sort_keys=True).encode()).hexdigest()


def load(path: Path = LEDGER) -> Ledger:
    """Read a ledger, wholly or not at all; one that does not exist is empty.

    Raises:
        LedgerError: if it is not readable, of another format, edited or cut short, or
            if it holds runs of the future.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}."
        raise LedgerError(message) from error
    except ValueError as error:
        message = f"{path}: is cut short or no JSON ({error}); {ANEW}."
        raise LedgerError(message) from error
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        message = f"{path}: is no ledger; {ANEW}."
        raise LedgerError(message)
    if content["format"] != FORMAT:
        message = (
            f"{path}: has format {content['format']}, and this version reads {FORMAT}; "
            f"use the version that wrote it, or {ANEW}."
        )
        raise LedgerError(message)
    if content.get("seal") != _seal(content.get("programs", {})):
        message = f"{path}: was edited or damaged, its seal does not fit; {ANEW}."
        raise LedgerError(message)
    ledger = from_json(content["programs"])
    _refuse_future(path, ledger)
    return ledger


def _refuse_future(path: Path, ledger: Ledger) -> None:
    limit = (dt.datetime.now(dt.UTC) + SLACK).isoformat()
    for name, item in ledger.items():
        for run in item.entries:
            if run.date > limit:
                message = (
                    f"{path}: says that {name} ran on {run.date}, which is yet to "
                    f"come; set the clock right, or {ANEW}."
                )
                raise LedgerError(message)


def save(ledger: Ledger, path: Path = LEDGER) -> None:
    """Write a ledger in one step: whoever reads gets the old one or the new one.

    Raises:
        LedgerError: if it cannot be written; the old one is still there.
    """
    programs = to_json(ledger)
    content = {"format": FORMAT, "seal": _seal(programs), "programs": programs}
    draft = path.with_suffix(f".{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        message = f"{path}: cannot be written ({error.strerror}); it is as it was."
        raise LedgerError(message) from error


def update(news: Ledger, path: Path = LEDGER) -> None:
    """Add runs to a ledger, whoever else does so at the same time.

    Runs of a program or an output that has changed since make room for the new ones.

    Raises:
        LedgerError: if the ledger cannot be read or written.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - programs run without it

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=LOCK_LIMIT):
            ledger = dict(load(path))
            for name, item in news.items():
                ledger[name] = _joined(ledger.get(name, item), item)
            save(ledger, path)
    except Timeout as error:
        message = f"{path}: another process has been writing for {LOCK_LIMIT:.0f} s."
        raise LedgerError(message) from error
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror})."
        raise LedgerError(message) from error


class Writer:
    """Writes runs into a ledger, every second and at the end, come what may."""

    def __init__(self, path: Path = LEDGER) -> None:
        """Take the ledger to write into."""
        self._path = path
        self._news: dict[str, Evidence] = {}
        self._written = time.monotonic()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is not yet written."""
        self.flush()

    def add(self, news: Ledger) -> None:
        """Take some runs; write, if the last time is more than a second ago."""
        for name, item in news.items():
            self._news[name] = _joined(self._news.get(name, item), item)
        if time.monotonic() - self._written > 1:
            self.flush()

    def flush(self) -> None:
        """Write what is not yet written.

        Raises:
            LedgerError: if the ledger cannot be read or written; nothing is forgotten.
        """
        self._written = time.monotonic()
        if self._news:
            update(self._news, self._path)
            self._news = {}


def _joined(old: Evidence, new: Evidence) -> Evidence:
    """Return the runs of both, the later one of each place; none of an older text."""
    if (old.source, old.output) != (new.source, new.output):
        return new
    runs = {
        run.place: run
        for run in sorted([*old.entries, *new.entries], key=lambda run: run.date)
    }
    return replace(new, entries=tuple(sorted(runs.values())))


def merge(ledgers: Iterable[tuple[Path, Ledger]]) -> Ledger:
    """Return the runs of several machines as one ledger.

    Raises:
        LedgerError: if two of them speak of different versions of a program.
    """
    merged: dict[str, Evidence] = {}
    origin: dict[str, Path] = {}
    for path, ledger in ledgers:
        for name, item in ledger.items():
            known = merged.get(name, item)
            if (known.source, known.output) != (item.source, item.output):
                message = (
                    f"{path}: speaks of another version of {name} than {origin[name]}; "
                    "merge ledgers of the same commit."
                )
                raise LedgerError(message)
            merged[name] = _joined(known, item)
            origin.setdefault(name, path)
    return merged


def current(program: Program, ledger: Ledger) -> Evidence:
    """Return the runs that a program has had as it stands, with its output."""
    now = evidence(program)
    then = ledger.get(program.name, now)
    return then if (now.source, now.output) == (then.source, then.output) else now


def complaint(program: Program, ledger: Ledger) -> str:
    """Say why a program may not be published as verified; empty if it may."""
    found = current(program, ledger)
    if found.failed:
        run = found.failed[0]
        method = f" ({run.start_method})" if run.start_method else ""
        return f"failed on Python {run.python}{method}, {run.machine}"
    if found.passed:
        return ""
    if program.name in ledger:
        return "has changed, or its output has, since it was verified"
    return "was never verified"
