"""Begin an example: a program, its place in the chapter, and a test that fails."""

import keyword
from pathlib import Path

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT, CatalogueError

PROGRAM = '''\
"""Say in one sentence what it shows."""


def main() -> None:
    """Show it."""
    print("hello")


if __name__ == "__main__":
    main()
'''
PLACE = """
### {title}

**Which question does it answer?**

```{{literalinclude}} {up}snippets/{chapter}/{name}.py
```

```{{literalinclude}} {up}snippets/{chapter}/{name}.out
```
"""
# Where the program needs a newer Python, an import above would break all other tests.
TEST = """

def test_{name}() -> None:
    from snippets.{chapter} import {name}  # noqa: PLC0415 - it may be too new

    {name}.main()
    pytest.fail("say what {chapter}/{name} promises: break it, and this must fail")
"""


def begin(name: str, root: Path = ROOT) -> list[Path]:
    """Write a new program, and add to its chapter and to its tests; return all three.

    Raises:
        CatalogueError: if there is no such chapter, or if the name will not do; then
            nothing is written.
    """
    chapter, _, stem = name.removesuffix(".py").partition("/")
    program = root / f"snippets/{chapter}/{stem}.py"
    page, tests = _page(chapter, root), root / f"tests/programs/test_{chapter}.py"
    _check(stem, program)
    up = "../" * len(page.parent.relative_to(root).parts)
    title = stem.replace("_", " ").capitalize()
    place = PLACE.format(title=title, up=up, chapter=chapter, name=stem)
    program.write_text(PROGRAM, encoding="utf-8")
    with page.open("a", encoding="utf-8") as file:
        file.write(place)
    with tests.open("a", encoding="utf-8") as file:
        file.write(TEST.format(chapter=chapter, name=stem))
    return [program, page, tests]


def _page(chapter: str, root: Path) -> Path:
    """Return the page of a chapter."""
    pages = {
        path.stem: path
        for folder in ("guide", "reference")
        for path in (root / "docs" / folder).glob("*.md")
        if (root / "snippets" / path.stem).is_dir()
    }
    if chapter not in pages:
        message = f"there is no chapter {chapter!r}, only {', '.join(sorted(pages))}."
        raise CatalogueError(message)
    return pages[chapter]


def _check(stem: str, program: Path) -> None:
    """Refuse a name that no program can have."""
    reason = ""
    if not stem.isidentifier() or keyword.iskeyword(stem) or stem != stem.lower():
        reason = "is no name of a module: use small letters and underscores"
    elif hidden := catalogue.hidden_by(stem, program.parents[1]):
        reason = f"is that of {hidden}, which the program would hide"
    elif program.exists():
        reason = "is there already"
    if reason:
        message = f"{program.parent.name}/{stem}: the name {stem!r} {reason}."
        raise CatalogueError(message)
