"""Make every page anew that would not be the same as it is.

Sphinx reads a page again when what it includes has changed, and writes one that it has
read. Two things it does not know: that a page shows a ledger, and what becomes of links
in code. sphinx-codeautolink asks beforehand which pages Sphinx will write, puts links
into these and no others, and forgets the links of pages in Markdown that are not read
again; and by asking it takes Sphinx's note of a changed configuration away.

So whatever is to be written is read as well, and its file made old, for all to see.

In a preview, where somebody waits for the page that they edit, the page that lists
everything and the index of the search stay as they are, for the next build to renew.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from docs._ext.figures.evidence import pages_of_everything, shown_evidence


@dataclass
class Outdated:
    """The pages that are to be made anew, and what is left for another time."""

    pages: set[str]
    left: set[str]


def find(app: Sphinx) -> None:
    """Find what is outdated, and make its files older than anything."""
    outdated = Outdated(set(), set())
    app.builder.outdated = outdated  # type: ignore[attr-defined]
    if not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    edited = {*app.builder.get_outdated_docs(), *_edited(app)}
    outdated.pages = edited | set(_outdated_evidence(app))
    if outdated.pages:
        outdated.pages |= pages_of_everything(app)
    if app.config.guide_preview:
        outdated.left = {app.config.guide_evidence_page} - edited
        outdated.pages -= outdated.left
    for page in outdated.pages:
        with suppress(FileNotFoundError):
            os.utime(app.builder.get_output_path(page), (0, 0))


def read(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> set[str]:
    """Return those that there still are, so that they are read."""
    return _outdated(app).pages & env.found_docs


def remember(app: Sphinx, env: BuildEnvironment) -> None:
    """Keep what the pages show of the evidence now."""
    shown = shown_evidence(app)
    written = {page: shown[page] for page in shown.keys() - _outdated(app).left}
    env.evidence_written = written  # type: ignore[attr-defined]


def _outdated(app: Sphinx) -> Outdated:
    return app.builder.outdated  # type: ignore[attr-defined, no-any-return]


def _edited(app: Sphinx) -> set[str]:
    """Return the pages that show a file that is not as it was."""
    added, changed, _ = app.env.get_outdated_files(config_changed=False)
    return added | changed


def _outdated_evidence(app: Sphinx) -> Iterator[str]:
    """Yield the pages that show evidence that is not as it was."""
    then = getattr(app.env, "evidence_written", {})
    for page, digest in shown_evidence(app).items():
        if digest != then.get(page):
            yield page
