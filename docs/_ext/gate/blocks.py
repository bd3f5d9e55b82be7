"""Tell what a code block is, or refuse it, and write down all that there are.

The manifest, ``manifest.json`` beside the pages, names each block of the site with its
page, line and kind. ``tests/site`` compares it with the HTML and with the tests.
"""

import functools
import json
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging

from docs._ext.pages import outcome
from snippets._tools import catalogue
from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.evidence import ledger
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.evidence.ledger import Ledger
from snippets._tools.evidence.problems import problems

logger = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a code block is, and so how it is verified."""

    PROGRAM = "program"
    EXCERPT = "excerpt"
    OUTPUT = "output"
    SESSION = "session"
    COMMAND = "command"


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    ``source`` is the program's name, or for a session of a docstring its object.
    """

    page: str
    line: int
    kind: Kind
    source: str
    sha256: str


class RefusedError(Exception):
    """A block that nothing verifies; the text says why, and what to do."""


def known_programs(app: Sphinx) -> dict[str, Program]:
    """Return the programs of the guide; a case of the tests has its own."""
    return catalogue.programs(_snippets(app))


def _snippets(app: Sphinx) -> Path:
    return Path(app.confdir, app.config.guide_snippets).resolve()


def classify(node: nodes.Element, programs: Iterable[Program]) -> tuple[Kind, str]:
    """Return what a block is, and which program it shows.

    Raises:
        RefusedError: if nothing verifies the block.
    """
    if node.get("linenos"):
        reason = "its numbers would be part of the text; take :linenos: out"
        raise RefusedError(reason)
    if included := node.get("source"):
        return _included(node.astext(), Path(included), programs)
    if "docstring of" in (node.source or "") and isinstance(node, nodes.doctest_block):
        return Kind.SESSION, (node.source or "").rpartition("docstring of ")[2]
    if node.get("testnodetype") == "doctest":
        return Kind.SESSION, ""
    if node.get("language") == "console":
        return Kind.COMMAND, ""
    reason = (
        "no test runs this block; make it a program, snippets/CHAPTER/NAME.py, and "
        "show it by literalinclude, or a session (doctest), or a command (console)"
    )
    raise RefusedError(reason)


def _included(text: str, path: Path, programs: Iterable[Program]) -> tuple[Kind, str]:
    for program in programs:
        if path == program.output:
            if text != path.read_text(encoding="utf-8"):
                reason = f"shows a part of {path.name}; show the whole output"
                raise RefusedError(reason)
            return Kind.OUTPUT, program.name
        if path == program.path:
            if text == path.read_text(encoding="utf-8"):
                return Kind.PROGRAM, program.name
            if text in _definitions(path):
                return Kind.EXCERPT, program.name
            reason = (
                f"shows a part of {path.name} that is no whole function or class; "
                "take it by :pyobject:"
            )
            raise RefusedError(reason)
    reason = f"{path.name} is no program of the guide, and no output of one"
    raise RefusedError(reason)


def _definitions(path: Path) -> Iterator[str]:
    """Yield the source of each function and class, as it stands and dedented."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    tags = ModuleAnalyzer.for_string(source, path.stem, str(path)).find_tags()
    for _, start, end in tags.values():
        yield "".join(lines[start - 1 : end])
        yield textwrap.dedent("".join(lines[start - 1 : end]))


def pages_of_blocks(env: BuildEnvironment) -> dict[str, list[Block]]:
    """Return the blocks that were found, page by page."""
    if not hasattr(env, "guide_blocks"):
        env.guide_blocks = {}  # type: ignore[attr-defined]
    return env.guide_blocks  # type: ignore[attr-defined, no-any-return]


def forget_page(_: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget the blocks of a page that is read anew, or gone."""
    pages_of_blocks(env).pop(page, None)


def merge_pages(
    _: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment
) -> None:
    """Take over the blocks of pages that another process has read."""
    found = pages_of_blocks(other)
    pages_of_blocks(env).update({page: found[page] for page in pages if page in found})


def check_programs(app: Sphinx, env: BuildEnvironment) -> None:
    """Report each program, and each output, that no page shows whole."""
    shown = {
        (b.kind, b.source) for blocks in pages_of_blocks(env).values() for b in blocks
    }
    for program in known_programs(app).values():
        for kind, path in (
            (Kind.PROGRAM, program.path),
            (Kind.OUTPUT, program.output),
        ):
            if (kind, program.name) not in shown:
                logger.error(
                    "no page shows the %s %s: include it literally in %s.md",
                    kind,
                    path.relative_to(path.parents[2]),
                    _page_of(program, env),
                )


def _page_of(program: Program, env: BuildEnvironment) -> str:
    """Return the page of a program's chapter; that of the catalogue lies deeper."""
    pages = [page for page in env.found_docs if page.endswith(f"/{program.chapter}")]
    return min(pages, key=len, default=f"guide/{program.chapter}")


def write_manifest(app: Sphinx, exception: Exception | None) -> None:
    """Write down every block of the site, page by page in their order."""
    if exception or app.builder.name != "html":
        return
    blocks = [
        asdict(b) for _, page in sorted(pages_of_blocks(app.env).items()) for b in page
    ]
    text = json.dumps({"blocks": blocks}, indent=1)
    Path(app.outdir, "manifest.json").write_text(text + "\n", encoding="utf-8")


def known_runs(app: Sphinx) -> Ledger:
    """Return the ledger that the site is built from."""
    return _load(Path(app.confdir, app.config.guide_ledger).resolve())


_load = functools.cache(ledger.load)  # a build speaks of one state of it


def check_ledger(app: Sphinx) -> None:
    """Stop before anything is built if a program, as it stands, did not pass.

    Only a program that cannot be run here, as one that this Python is too old for, is
    let through, and its page says so; with ``guide_complete`` it is not.

    Raises:
        SystemExit: if so, when the reasons are logged; what Sphinx makes of other
            exceptions asks its developers to mend our programs.
    """
    try:
        runs, programs = known_runs(app), known_programs(app).values()
        complete = app.config.guide_complete
        found = [s for p in programs for s in problems(p, runs, complete=complete)]
    except (CatalogueError, EvidenceError) as error:
        found = [str(error)]
    for said in found:
        logger.error(said)
    if found:
        outcome.fail(app, 2)
