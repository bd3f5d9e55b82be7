"""The sessions and commands in the Markdown of the project."""

from collections.abc import Iterator

from snippets._tools import fences as finder
from snippets._tools.catalogue import ROOT
from snippets._tools.fences import COMMAND, SESSION, Fence

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])


def fences(*languages: str) -> Iterator[Fence]:
    """Yield the fenced blocks of all pages that are in one of the languages."""
    for path in PAGES:
        for fence in finder.fences(path, path.relative_to(ROOT).as_posix()):
            if fence.language in languages:
                yield fence


SESSIONS = list(fences(SESSION))
COMMANDS = list(fences(COMMAND))
