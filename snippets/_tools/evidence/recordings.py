"""What each recorded output was printed by: program, Python, machine and date.

They are committed beside the outputs, so that one edited by hand is noticed.
"""

import datetime as dt
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from snippets._tools.catalogue import SNIPPETS, CatalogueError, Program
from snippets._tools.evidence import ledger

FILE = "recordings.json"


@dataclass(frozen=True)
class Recording:
    """The fingerprints of a program and of what it printed; where and when it did."""

    source: str
    output: str
    python: str
    machine: str
    date: str


def load(snippets: Path = SNIPPETS) -> dict[str, Recording]:
    """Return the recordings of the programs in a folder, by their names.

    Raises:
        CatalogueError: if the file is not what ``save`` writes.
    """
    path = snippets / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: Recording(**item) for name, item in content.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        message = (
            f"{path.relative_to(path.parents[1])}: is damaged ({error}); restore it, "
            "or delete it and record every program: nox -s record"
        )
        raise CatalogueError(message) from error


def save(program: Program) -> None:
    """Write down that the output of a program has just been recorded."""
    snippets = program.path.parents[1]
    recordings = load(snippets)
    found = ledger.evidence(program)
    recordings[program.name] = Recording(
        source=found.source,
        output=found.output,
        python=platform.python_version(),
        machine=ledger.machine(),
        date=dt.datetime.now(dt.UTC).date().isoformat(),
    )
    text = json.dumps(
        {name: asdict(recordings[name]) for name in sorted(recordings)}, indent=1
    )
    (snippets / FILE).write_text(text + "\n", encoding="utf-8")


def complaint(program: Program, recordings: Mapping[str, Recording]) -> str:
    """Say why an output is not what the program printed; empty if it is."""
    recording = recordings.get(program.name)
    now = ledger.evidence(program)
    if not now.output or recording is None:
        reason = "has no recorded output"
    elif now.output != recording.output:
        reason = f"did not print {program.output.name} as it stands, it was edited"
    elif now.source != recording.source:
        reason = "has changed since its output was recorded"
    else:
        return ""
    return f"{program.where}:1: {reason}; record it: nox -s record -- {program.name}"
