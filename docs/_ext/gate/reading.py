"""Look at each page as it is read, and refuse what nothing verifies, with its line."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from docs._ext.gate import commands, markup, sessions
from docs._ext.gate.blocks import (
    Block,
    Kind,
    RefusedError,
    classify,
    known_programs,
    pages_of_blocks,
)
from docs._ext.gate.sessions import Session
from snippets._tools.catalogue import Program
from snippets._tools.fences import COMMAND, SESSION, fences

logger = logging.getLogger(__name__)

Found = tuple[nodes.Element, Kind, str]  # a block, what it is, and its source
NOT_RUN = (
    "the tests run a session or a command only where it stands in a page for itself, "
    f"as a fence {SESSION} or {COMMAND} without options, and in no other block"
)


def check_page(app: Sphinx, doctree: nodes.document) -> None:
    """Classify each block of a page; report those that are refused."""
    page = app.env.current_document.docname
    known = known_programs(app)
    for node, reason in markup.complaints(app, doctree, known):
        _refuse(node, reason)
    found: list[Found] = []
    for node in doctree.findall(nodes.FixedTextElement):
        code = isinstance(node, nodes.literal_block | nodes.doctest_block)
        if not code or isinstance(node.parent, nodes.system_message):
            continue
        try:
            found.append((node, *classify(node, known.values())))
        except RefusedError as reason:
            _refuse(node, str(reason))
    typed = [entry for entry in found if entry[1] in {Kind.SESSION, Kind.COMMAND}]
    reasons = {id(node): said for node, said in _wrongly_typed(app, typed)}
    blocks: list[Block] = []
    for node, kind, source in found:
        if id(node) in reasons:
            _refuse(node, reasons[id(node)])
            continue
        digest = hashlib.sha256(node.astext().rstrip("\n").encode()).hexdigest()
        blocks.append(Block(page, node.line or 0, kind, source, digest))
        node["kind"] = kind
    pages_of_blocks(app.env)[page] = blocks


def _refuse(node: nodes.Node, reason: str) -> None:
    logger.error("unverified block: %s", reason, location=node)


def _wrongly_typed(
    app: Sphinx, found: Iterable[Found]
) -> Iterator[tuple[nodes.Element, str]]:
    """Yield the sessions and commands that are refused, and why.

    Tests run those that stand in a page for themselves, and the docstrings of programs.
    """
    path = Path(app.env.doc2path(app.env.current_document.docname))
    left = {
        fence.line: fence
        for fence in (fences(path, path.name) if path.suffix == ".md" else ())
        if fence.language in {SESSION, COMMAND}
    }
    ran: list[tuple[nodes.Element, Session]] = []
    for node, kind, owner in found:
        text = node.astext().rstrip("\n")
        if not owner:
            fence = left.pop(node.line or 0, None)
            if fence is None or _as_shown(fence.content) != text:
                yield node, NOT_RUN
                continue
        if kind == Kind.SESSION:
            ran.append((node, Session(text, ".".join(owner.split(".")[:3]))))
        elif said := commands.complaint(text, _of_page(app, path.stem)):
            yield node, said
    seconds = app.config.guide_session_seconds
    answers = sessions.complaints([session for _, session in ran], seconds)
    for (node, _), answer in zip(ran, answers, strict=True):
        if answer:
            yield node, answer
    for fence in left.values():
        place = nodes.literal_block()
        place.source, place.line = str(path), fence.line
        _refuse(place, f"this {fence.language} is on no page; show it, or take it out")


def _as_shown(content: str) -> str:
    """Return a block as Sphinx shows it, which leaves a marked blank line blank."""
    return content.replace("<BLANKLINE>", "").rstrip("\n")


def _of_page(app: Sphinx, stem: str) -> list[Program]:
    """Return the programs of a chapter, which its commands are typed beside."""
    return [p for p in known_programs(app).values() if p.chapter == stem]
