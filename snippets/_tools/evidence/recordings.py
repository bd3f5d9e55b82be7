"""What each recorded output was printed by: program, Python, machine and date.

A recording is committed beside its program, ``<name>.record.json``, so that an output
that was edited by hand is noticed.
"""

from dataclasses import dataclass
from pathlib import Path

from snippets._tools.catalogue import OLDEST_PYTHON, Program
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.evidence.provenance import Provenance, fingerprint


@dataclass(frozen=True, order=True)
class Recording(Provenance):
    """Where and when an output, with this fingerprint, was printed."""

    output: str


def path_of(program: Program) -> Path:
    """Return where the recording of a program is, if it has one."""
    return program.path.with_suffix(".record.json")


def cure_of(program: Program, *options: str) -> str:
    """Return what records a program anew, by a Python that can run it."""
    newer = program.requires_python > OLDEST_PYTHON
    python = ["-P", ".".join(map(str, program.requires_python))] if newer else []
    return " ".join(["record it: nox", *python, "-s record --", *options, program.name])


def save(program: Program) -> None:
    """Write down that the output of a program has just been recorded.

    Raises:
        EvidenceError: if it cannot be written.
    """
    output = fingerprint(program.output)
    Recording.here(fingerprint(program.path), output=output).save(path_of(program))


def load(program: Program) -> Recording | None:
    """Return the recording of a program, if it has one.

    Raises:
        EvidenceError: if the file is not what ``save`` writes.
    """
    return Recording.load(path_of(program), cure_of(program))


def complaint(program: Program) -> str:
    """Say why an output is not what the program printed; empty if it is."""
    try:
        recording = load(program)
    except EvidenceError as error:
        return str(error)
    output = fingerprint(program.output)
    if not output or recording is None:
        reason = "has no recorded output"
    elif output != recording.output:
        reason = f"did not print {program.output.name} as it stands, it was edited"
    elif fingerprint(program.path) != recording.source:
        reason = "has changed since its output was recorded"
    else:
        return ""
    return f"{program.where}:1: {reason}; {cure_of(program)}"
