"""Run the sessions of a page in a process of their own, which has to end in time."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from snippets._tools.catalogue import ROOT

TRANSCRIPT = Path(__file__).with_name("transcript.py")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHON_COLORS": "0"}


@dataclass(frozen=True)
class Session:
    """What is shown, and the program whose names it knows, if it has one."""

    text: str
    module: str = ""


def complaints(sessions: Sequence[Session], seconds: float) -> list[str]:
    """Say what is wrong with each session; an empty text if nothing is.

    Those after one that does not end within ``seconds`` are run without it.
    """
    answers: list[str] = []
    while len(answers) < len(sessions):
        said, status = _answers(sessions[len(answers) :], seconds)
        answers += said
        if len(answers) < len(sessions):
            ended = f"this session did not end within {seconds:g} s"
            if status is not None:
                ended = f"this session ended Python, with status {status}"
            answers.append(ended)
    return answers


def _answers(
    sessions: Sequence[Session], seconds: float
) -> tuple[list[str], int | None]:
    """Return the answers that came, and the exit status if the process has ended."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "sessions"), Path(folder, "answers")
        content = [(session.text, session.module) for session in sessions]
        asked.write_text(json.dumps(content), encoding="utf-8")
        answered.touch()
        process = subprocess.Popen(
            [sys.executable, "-P", TRANSCRIPT, asked, answered],
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        status: int | None = None
        try:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(seconds)
        finally:
            _end(process)
        lines = answered.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines], status


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, and those that it has started, where they are one group."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
