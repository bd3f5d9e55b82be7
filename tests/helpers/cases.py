"""Small projects, each with one thing wrong, that the gate must refuse.

A case is a file of ``tests/site/cases``. Its first line is what must be said. The rest
are files, each below a line ``--- PATH``, which replace or join those of ``sound.txt``.
Those below a line ``+++ PATH`` come later, when the programs are recorded and verified;
a folder there, with nothing below it, is taken away.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from snippets.__main__ import main
from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT, CatalogueError, Program
from snippets._tools.evidence import ledger, recordings

T = TypeVar("T")
MakeProgram = Callable[..., Program]

SOUND = ROOT / "tests/site/cases/sound.txt"
# For a build without a conf.py, and with one.
OPTIONS = {
    "extensions": "myst_parser,sphinx.ext.doctest,docs._ext",
    "guide_search": "0",
    "guide_session_seconds": "5",
}
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
CASES = sorted(set(SOUND.parent.glob("*.txt")) - {SOUND})


def finding_us(pool: Callable[..., T]) -> Callable[..., T]:
    """Return a pool whose interpreters find the programs; they lack pytest's path."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
    return partial(pool, initializer=exec, initargs=(code,))


def expected(case: Path) -> str:
    """Return what must be said about a case."""
    return case.read_text(encoding="utf-8").splitlines()[0]


def lay_out(case: Path, folder: Path) -> None:
    """Write the files of the sound project, then those of a case, into a folder."""
    for source in (SOUND, case):
        _write("---", source, folder)
    vouch_for(list(_programs(folder)), folder)
    _write("+++", case, folder)


def _programs(folder: Path) -> Iterator[Program]:
    """Yield the programs that are sound enough to be read."""
    for path in folder.glob("snippets/*/*.py"):
        with contextlib.suppress(CatalogueError):
            yield catalogue.read(path)


def _write(mark: str, case: Path, folder: Path) -> None:
    text = case.read_text(encoding="utf-8")
    _, *parts = re.split(r"^(---|\+\+\+) (.+)\n", text, flags=re.MULTILINE)
    for found, name, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if found == mark:
            path = folder / name
            if not content:
                shutil.rmtree(path)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def vouch_for(programs: list[Program], folder: Path) -> None:
    """Write down that programs were recorded and passed."""
    for program in programs:
        recordings.save(program)
        run = ledger.ran(program, None, passed=True, seconds=0.1)
        ledger.save(run, folder / "build/ledger")


def sphinx_build(
    *more: str, strict: bool = True, configured: bool = False
) -> list[str]:
    """Return the command that builds the project in the working directory."""
    return [
        *(sys.executable, "-m", "sphinx", "--quiet"),
        *([] if configured else ["-C"]),
        *(["--fail-on-warning"] if strict else []),
        *(f"-D{name}={value}" for name, value in OPTIONS.items()),
        *more,
        *("docs", "out"),
    ]


def build(folder: Path, *more: str, strict: bool = True) -> tuple[int, str]:
    """Build the project in a folder; return the exit status and the complaints."""
    configured = (folder / "docs/conf.py").exists()
    result = subprocess.run(
        sphinx_build(*more, strict=strict, configured=configured),
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stderr.replace(f"{folder}/", "")


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command line in this process; return its exit status."""
    monkeypatch.setattr("sys.argv", ["snippets", *arguments])
    return main()
