"""The gate refuses: each case is a small project, really built."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases import CASES, OPTIONS, SOUND, expected, lay_out

from snippets.catalogue import ROOT


def build(folder: Path) -> tuple[int, str]:
    """Build the project in a folder; return the exit status and the complaints."""
    result = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "-C"),
            *(f"-D{name}={value}" for name, value in OPTIONS.items()),
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
    lay_out(case, tmp_path)
    status, said = build(tmp_path)
    assert expected(case) in said
    assert status != 0
