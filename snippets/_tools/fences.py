"""Find what readers are told to type: the sessions and commands of a page in Markdown.

Tests run what is found here, and the build shows nothing else of that kind: a block in
a note, in an included file or in a docstring is not found, and so it is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

SESSION, COMMAND = "{doctest}", "console"
PROMPT = "$ "
# What these print depends on the machine; the gate of the project runs them as they
# are, but nobody compares it.
NOT_COMPARED = "nox ", "python -m pip ", "python3 -m venv ", "uvx "


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


def fences(path: Path, page: str) -> Iterator[Fence]:
    """Yield every fenced block of a page that stands for itself, in none other."""
    for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
        if token.type == "fence" and token.map:
            language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
            yield Fence(page, token.map[0] + 1, language, token.content)


def exchanges(content: str) -> list[tuple[str, str]]:
    r"""Return each command of a block with the output shown for it.

    >>> exchanges("$ echo a\na\n$ true\n")
    [('echo a', 'a\n'), ('true', '')]
    """
    _, *parts = f"\n{content}".split(f"\n{PROMPT}")
    pairs = [part.partition("\n") for part in parts]
    return [
        (command, shown and shown.rstrip("\n") + "\n") for command, _, shown in pairs
    ]
