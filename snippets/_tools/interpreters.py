"""Find a Python that has what a program needs: this one, or one that nox has made."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from snippets._tools.catalogue import ROOT, Program

PLACES = ".nox/*/bin/python", ".nox/*/Scripts/python.exe"
SERVES = "aiohttp"  # what the local HTTP server is made of
NAME = re.compile(r"[\w.-]+")  # with which a requirement begins
PROBE = """\
import importlib.metadata, sys
minor, *names = sys.argv[1:]
sys.exit(sys.version_info < (3, int(minor)) or not all(
    any(importlib.metadata.distributions(name=name)) for name in names))
"""


def missing(program: Program, *, served: bool) -> list[str]:
    """Return the packages that a program, or its server, needs and this Python lacks.

    ``served`` tells whether it is to talk to the local HTTP server.
    """
    return [
        name
        for name in _needed(program, served=served)
        if not any(importlib.metadata.distributions(name=name))
    ]


def other(program: Program, *, served: bool, root: Path = ROOT) -> Path | None:
    """Return a Python in an environment of nox that has all of it, if there is one."""
    needed = str(program.requires_python[1]), *_needed(program, served=served)
    for place in PLACES:
        for path in sorted(root.glob(place)):
            command = [str(path), "-c", PROBE, *needed]
            if (
                path != Path(sys.executable)
                and not subprocess.run(
                    command, capture_output=True, check=False
                ).returncode
            ):
                return path
    return None


def _needed(program: Program, *, served: bool) -> list[str]:
    """Return the packages by name, without versions."""
    own = [NAME.match(requirement) for requirement in program.dependencies]
    names = [found[0] for found in own if found]
    return list(dict.fromkeys([*names, *([SERVES] if served else [])]))
