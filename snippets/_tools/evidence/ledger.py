"""The ledger: which programs ran, on which Pythons, and how it went.

The tests and ``python -m snippets verify`` write it, a file for each run, and the site
is built from the sum of them. A later run in the same place, the same machine, Python
and start method, takes the file of the earlier one. The ledger of another machine is
added by copying its files here.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snippets._tools.catalogue import ROOT, Program
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.evidence.provenance import Provenance, fingerprint

LEDGER = ROOT / "build/ledger"
CURE = "delete it, and verify anew: nox -s tests"
SLACK = dt.timedelta(days=1)  # that clocks of several machines may differ


@dataclass(frozen=True, order=True)
class Run(Provenance):
    """A run of a program: where, when, and how it went.

    ``output`` is the fingerprint of what it was compared with; ``start_method`` is
    empty if the program starts no processes; ``outcome`` is passed or failed;
    ``unchecked`` names what this machine cannot tell of what was left behind.
    """

    program: str
    output: str
    start_method: str
    outcome: str
    seconds: float
    unchecked: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Run":
        """Return what its fields say."""
        return cls(**content | {"unchecked": tuple(content["unchecked"])})

    @property
    def passed(self) -> bool:
        """Whether it went well."""
        return self.outcome == "passed"

    @property
    def file(self) -> Path:
        """Where it is in a ledger: a later run in the same place takes it."""
        place = f"{self.feature} {self.machine} {self.start_method}".lower()
        return Path(self.program, re.sub(r"[^\w.]+", "-", place).strip("-") + ".json")


Ledger = Mapping[str, list[Run]]  # by the names of programs


def ran(
    program: Program,
    start_method: str | None,
    *,
    passed: bool,
    seconds: float,
    unchecked: tuple[str, ...] = (),
) -> Run:
    """Return a run of a program, as it stands, that has just ended here."""
    return Run.here(
        fingerprint(program.path),
        program=program.name,
        output=fingerprint(program.output),
        start_method=start_method or "",
        outcome="passed" if passed else "failed",
        seconds=round(seconds, 2),
        unchecked=unchecked,
    )


def save(run: Run, ledger: Path = LEDGER) -> None:
    """Write a run into a ledger, whoever else does so at the same time.

    Raises:
        EvidenceError: if it cannot be written.
    """
    run.save(ledger / run.file)


def load(ledger: Path = LEDGER) -> Ledger:
    """Return all runs of a ledger; one that does not exist has none.

    Raises:
        EvidenceError: if a file is not what ``save`` writes, or of the future.
    """
    found: dict[str, list[Run]] = {}
    limit = (dt.datetime.now(dt.UTC) + SLACK).isoformat()
    for path in sorted(ledger.glob("*/*/*.json")):
        run = Run.load(path, CURE)
        if run is None:
            continue  # it has just been taken away
        if path != ledger / run.file:
            message = f"{path}: is a run of {run.program} elsewhere; {CURE}."
            raise EvidenceError(message)
        if run.date > limit:
            message = (
                f"{path}: says that {run.program} ran on {run.date}, which is yet to "
                f"come; set the clock right, or {CURE}."
            )
            raise EvidenceError(message)
        found.setdefault(run.program, []).append(run)
    return found


def current(program: Program, ledger: Ledger) -> list[Run]:
    """Return the runs that a program has had as it stands, with its output."""
    now = fingerprint(program.path), fingerprint(program.output)
    known = ledger.get(program.name, [])
    return [run for run in known if (run.source, run.output) == now]


def passed(program: Program, ledger: Ledger) -> list[Run]:
    """Return those that went well."""
    return [run for run in current(program, ledger) if run.passed]


def to_json(ledger: Ledger) -> dict[str, Any]:
    """Return a whole ledger, to be published."""
    return {name: [asdict(run) for run in ledger[name]] for name in sorted(ledger)}


def complaint(program: Program, ledger: Ledger) -> str:
    """Say why no run vouches for a program; empty if one does, and none failed."""
    found = current(program, ledger)
    for run in found:
        if not run.passed:
            method = f" ({run.start_method})" if run.start_method else ""
            return f"failed on Python {run.feature}{method}, {run.machine}"
    if found:
        return ""
    if program.name in ledger:
        return "has changed, or its output has, since it was verified"
    return "was never verified"
