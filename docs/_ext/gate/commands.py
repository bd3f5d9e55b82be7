"""Compare the output that a page shows for a command with what the command prints."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from snippets._tools.catalogue import ROOT, Program
from snippets._tools.fences import NOT_COMPARED, PROMPT, exchanges

SECONDS = 60  # for a command


def complaint(text: str, programs: Iterable[Program]) -> str:
    """Say what is wrong with the commands of a block; nothing, if nothing is.

    The tests run all of them. Here those are run that an output is shown for: beside
    ``programs``, as a reader does.
    """
    if not text.startswith(PROMPT):
        return "the first line of a console block is a command: begin it with $"
    for command, shown in exchanges(text):
        if " #" in f" {command}":
            return f"nothing verifies the comment in `{command}`; say it in the text"
        if not shown:
            continue
        if command.startswith(NOT_COMPARED):
            return f"nothing compares the output of `{command}`; leave the output out"
        printed = _printed(command, programs)
        if shown != printed:
            return f"`{command}` does not print what is shown, but:\n{printed}"
    return ""


def _printed(command: str, programs: Iterable[Program]) -> str:
    """Return what a command prints, or how it failed."""
    with tempfile.TemporaryDirectory() as folder:
        for program in programs:
            shutil.copy(program.path, folder)
        own = Path(sys.executable).parent
        try:
            result = subprocess.run(  # noqa: S602 - a command is what the shell makes of it
                command,
                shell=True,
                cwd=ROOT if "-m snippets" in command else folder,
                env=os.environ | {"PATH": f"{own}{os.pathsep}{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"nothing that ends within {SECONDS} s"
    if result.returncode:
        return f"an error, with status {result.returncode}: {result.stderr}"
    return result.stdout
