"""The gate refuses: each case is a small project, really built.

A case is a file of ``cases/``. Its first line is what the build must say, the rest are
files, each below a line ``--- PATH``, that take the place of those of ``sound.txt``.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from snippets.catalogue import ROOT

SOUND = ROOT / "tests/site/cases/sound.txt"
CASES = sorted(set(SOUND.parent.glob("*.txt")) - {SOUND})


def lay_out(case: Path, folder: Path) -> str:
    """Write the files of a case into a folder; return what the build must say."""
    expected, *files = re.split(
        r"^--- (.+)\n", case.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    for name, text in zip(files[::2], files[1::2], strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return expected.strip()


def build(folder: Path) -> tuple[int, str]:
    """Build the project in a folder; return the exit status and the complaints."""
    options = {
        "extensions": "myst_parser,sphinx.ext.doctest,verified,programs",
        "verified_snippets": "../snippets",
    }
    result = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "-C"),
            *(f"-D{name}={value}" for name, value in options.items()),
            *("docs", "out"),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'docs/_ext'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stderr.replace(f"{folder}/", "")


def test_a_sound_project_is_built(tmp_path: Path) -> None:
    lay_out(SOUND, tmp_path)
    assert build(tmp_path) == (0, "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_build_says_what_is_wrong(case: Path, tmp_path: Path) -> None:
    lay_out(SOUND, tmp_path)
    expected = lay_out(case, tmp_path)
    status, said = build(tmp_path)
    assert expected in said
    assert status != 0
