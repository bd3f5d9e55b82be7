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

from evidence import PAGE, pages_of_everything, shown_evidence
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata


class Outdated:
    """The pages that are to be made anew, and what is left for another time."""

    def __init__(self) -> None:
        """Begin with none."""
        self.pages: set[str] = set()
        self.left: set[str] = set()

    def find(self, app: Sphinx) -> None:
        """Find them, and make their files older than anything."""
        if isinstance(app.builder, StandaloneHTMLBuilder):
            edited = {*app.builder.get_outdated_docs(), *_edited(app)}
            self.pages = edited | set(_outdated_evidence(app))
            if self.pages:
                self.pages |= pages_of_everything(app)
            if app.config.preview:
                self.left = {PAGE} - edited
                self.pages -= self.left
            for page in self.pages:
                with suppress(FileNotFoundError):
                    os.utime(app.builder.get_output_path(page), (0, 0))

    def read(self, _: Sphinx, env: BuildEnvironment, *__: set[str]) -> set[str]:
        """Return those that there still are, so that they are read."""
        return self.pages & env.found_docs

    def remember(self, app: Sphinx, env: BuildEnvironment) -> None:
        """Keep what the pages show of the evidence now."""
        shown = shown_evidence(app)
        written = {page: shown[page] for page in shown.keys() - self.left}
        env.evidence_written = written  # type: ignore[attr-defined]


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


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register it, before anybody asks what will be written."""
    app.setup_extension("evidence")
    app.add_config_value("preview", default=False, rebuild="", types=bool)
    outdated = Outdated()
    app.connect("builder-inited", outdated.find, priority=400)
    app.connect("env-get-outdated", outdated.read)
    app.connect("env-updated", outdated.remember)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
