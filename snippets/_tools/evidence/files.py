"""The files that evidence is kept in: written in one step, and refused when unsound.

Each says what it holds, in which format, and has a seal over its content, so that one
that was cut short, edited by hand or written by a newer version is noticed.
"""

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

FORMAT = 2


class EvidenceError(Exception):
    """A file of evidence cannot be used; the text names it, and what to do."""


def write(path: Path, kind: str, content: dict[str, Any]) -> None:
    """Write content; whoever reads the file gets the old one or the new one, whole.

    Raises:
        EvidenceError: if it cannot be written; the old one is still there.
    """
    content = json.loads(json.dumps(content))  # as it will be read
    sealed = {"kind": kind, "format": FORMAT, "seal": _seal(content), **content}
    # What people read has lines; what draws a picture would have thousands of them.
    indent = None if any(isinstance(v, list) for v in content.values()) else 1
    draft = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(sealed, indent=indent) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        message = f"{path}: cannot be written ({error.strerror}); it is as it was."
        raise EvidenceError(message) from error


def read(path: Path, kind: str, cure: str) -> dict[str, Any] | None:
    """Return what was written into a file; nothing if there is no such file.

    Raises:
        EvidenceError: if it is something else; ``cure`` is what then helps.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}."
        raise EvidenceError(message) from error
    except ValueError as error:
        message = f"{path}: is cut short or no JSON ({error}); {cure}."
        raise EvidenceError(message) from error
    if not isinstance(found, dict) or found.pop("kind", None) != kind:
        message = f"{path}: is no {kind}; {cure}."
        raise EvidenceError(message)
    if (known := found.pop("format", None)) != FORMAT:
        message = (
            f"{path}: has format {known}, and this version reads {FORMAT}; "
            f"use the version that wrote it, or {cure}."
        )
        raise EvidenceError(message)
    if found.pop("seal", None) != _seal(found):
        message = f"{path}: was edited or damaged, its seal does not fit; {cure}."
        raise EvidenceError(message)
    return found


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
