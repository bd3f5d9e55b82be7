"""Run sessions, and say what is shown in another way than an interpreter shows it.

Usage: python transcript.py SESSIONS ANSWERS

This is a process of its own, which may be ended at any moment: it writes the answer to
each session, a line of JSON, as soon as there is one. Whatever a session leaves behind,
such as a thread or a changed module, ends with it.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

HEADER = "Traceback (most recent call last):"
LEFT_OUT = "    ..."  # of a traceback, in a session


def examples(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what is typed, and the lines that are shown for it.

    Blank lines before the next prompt only part what is typed.

    Raises:
        ValueError: if the text does not begin with a prompt.
    """
    lines = text.rstrip("\n").split("\n")
    if not lines[0].startswith(">>> "):
        message = "this session does not begin with >>>"
        raise ValueError(message)
    while lines:
        typed = [lines.pop(0)]
        while lines and (lines[0] == "..." or lines[0].startswith("... ")):
            typed.append(lines.pop(0))
        shown: list[str] = []
        while lines and not lines[0].startswith(">>> "):
            shown.append(lines.pop(0))
        if shown[:2] == [HEADER, LEFT_OUT]:
            del shown[1]
        yield "\n".join(line[4:] for line in typed), _without_last_blanks(shown)


def _without_last_blanks(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def printed(source: str, names: dict[str, object]) -> list[str]:
    """Return the lines that are printed, of a traceback the first and the last."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            exec(compile(source + "\n", "<session>", "single"), names)  # noqa: S102 - it is a session
        except BaseException as error:
            last = "".join(traceback.format_exception_only(error))
            said.write(f"{HEADER}\n{last}")
    return _without_last_blanks(said.getvalue().split("\n"))


def _quoted(line: str | None) -> str:
    return "nothing more" if line is None else repr(line)


def complaint(text: str, module: str) -> str:
    """Say what is wrong with a session; nothing, if it prints what it shows."""
    if "# doctest:" in text.replace("#doctest", "# doctest"):
        return "this session has a doctest directive; show all of what it prints"
    names: dict[str, object] = {"__name__": "__main__"}
    if module:
        names = dict(vars(importlib.import_module(module)))
    try:
        for source, shown in examples(text):
            for is_so, is_shown in zip_longest(printed(source, names), shown):
                if is_so != is_shown:
                    typed = source.partition("\n")[0]
                    return (
                        f"this session does not print what it shows: after `{typed}` "
                        f"it shows {_quoted(is_shown)}, and Python prints "
                        f"{_quoted(is_so)}"
                    )
    except ValueError as error:
        return str(error)
    return ""


def main() -> None:
    """Answer for each session; then end, whatever is still running."""
    sessions, answers = map(Path, sys.argv[1:])
    with answers.open("w", encoding="utf-8") as file:
        for text, module in json.loads(sessions.read_text(encoding="utf-8")):
            print(json.dumps(complaint(text, module)), file=file, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
