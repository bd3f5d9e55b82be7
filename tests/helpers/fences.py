"""Find the sessions and commands in the Markdown of the project."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from snippets._tools.catalogue import ROOT

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])


@dataclass(frozen=True)
class Fence:
    """A fenced block: the page it is on, its first line, language and content."""

    page: str
    line: int
    language: str
    content: str

    def __str__(self) -> str:
        """Return the place, as an editor understands it."""
        return f"{self.page}:{self.line}"

    @property
    def chapter(self) -> str:
        """The stem of the page, which for a chapter is its folder of programs."""
        return Path(self.page).stem


def fences(*languages: str) -> Iterator[Fence]:
    """Yield the fenced blocks of all pages that are in one of the languages."""
    for path in PAGES:
        for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
            language = token.info.split(maxsplit=1)[0] if token.info else ""
            if token.type == "fence" and token.map and language in languages:
                page = path.relative_to(ROOT).as_posix()
                yield Fence(page, token.map[0] + 1, language, token.content)


SESSIONS = list(fences("{doctest}"))
COMMANDS = list(fences("console"))
