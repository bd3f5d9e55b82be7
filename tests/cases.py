"""Small projects, each with one thing wrong, that the gate must refuse.

A case is a file of ``tests/site/cases``. Its first line is what must be said. The rest
are files, each below a line ``--- PATH``, which replace or join those of ``sound.txt``.
"""

import re
from pathlib import Path

from snippets.catalogue import ROOT

SOUND = ROOT / "tests/site/cases/sound.txt"
CASES = sorted(set(SOUND.parent.glob("*.txt")) - {SOUND})


def expected(case: Path) -> str:
    """Return what must be said about a case."""
    return case.read_text(encoding="utf-8").splitlines()[0]


def lay_out(case: Path, folder: Path) -> None:
    """Write the files of the sound project, then those of a case, into a folder."""
    for source in (SOUND, case):
        text = source.read_text(encoding="utf-8")
        _, *files = re.split(r"^--- (.+)\n", text, flags=re.MULTILINE)
        for name, content in zip(files[::2], files[1::2], strict=True):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
