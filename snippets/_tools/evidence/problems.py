"""Whether a program may be shown: one answer, for commands, builds and tests alike."""

from snippets._tools.catalogue import Program
from snippets._tools.evidence import ledger, recordings
from snippets._tools.evidence.ledger import Ledger
from snippets._tools.timeline import store


def problems(program: Program, runs: Ledger, *, complete: bool = False) -> list[str]:
    """Say why a program may not be shown, with file, line and cure; empty if it may.

    Only one that cannot be run here, as this Python is too old for it, may be shown
    without a run; with ``complete`` it may not.
    """
    found = [recordings.complaint(program), store.complaint(program)]
    found = [said for said in found if said]
    if found:
        return found  # what it is run against is in doubt
    failed = any(not run.passed for run in ledger.current(program, runs))
    excused = program.obstacle and not failed and not complete
    if (reason := ledger.complaint(program, runs)) and not excused:
        where = f"{program.where}:1"
        return [f"{where}: {reason}; verify it: nox -s tests"]
    return []
