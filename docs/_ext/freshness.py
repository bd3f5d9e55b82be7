"""Make every page anew that would not be the same as it is.

Sphinx reads a page again when what it includes has changed, and writes one that it has
read. Two things it does not know: that a page shows a ledger, and what becomes of links
in code. sphinx-codeautolink asks beforehand which pages Sphinx will write, puts links
into these and no others, and forgets the links of pages in Markdown that are not read
again; and by asking it takes Sphinx's note of a changed configuration away.

So whatever is to be written is read as well, and its file removed, for all to see.
"""

from collections.abc import Iterator

from evidence import pages_of_everything, shown_evidence
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata


class Outdated:
    """The pages that are to be made anew."""

    def __init__(self) -> None:
        """Begin with none."""
        self.pages: set[str] = set()

    def find(self, app: Sphinx) -> None:
        """Find them, and remove their files."""
        if isinstance(app.builder, StandaloneHTMLBuilder):
            self.pages = {*app.builder.get_outdated_docs(), *_changed(app)}
            if self.pages:
                self.pages |= pages_of_everything(app)
            for page in self.pages:
                app.builder.get_output_path(page).unlink(missing_ok=True)

    def read(self, _: Sphinx, env: BuildEnvironment, *__: set[str]) -> set[str]:
        """Return those that there still are, so that they are read."""
        return self.pages & env.found_docs


def _changed(app: Sphinx) -> Iterator[str]:
    """Yield the pages that show something that is not as it was."""
    added, changed, _ = app.env.get_outdated_files(config_changed=False)
    yield from added | changed
    then = getattr(app.env, "evidence_written", {})
    for page, digest in shown_evidence(app).items():
        if digest != then.get(page):
            yield page


def remember(app: Sphinx, env: BuildEnvironment) -> None:
    """Keep what the pages show of the evidence now."""
    env.evidence_written = shown_evidence(app)  # type: ignore[attr-defined]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register it, before anybody asks what will be written."""
    app.setup_extension("evidence")
    outdated = Outdated()
    app.connect("builder-inited", outdated.find, priority=400)
    app.connect("env-get-outdated", outdated.read)
    app.connect("env-updated", remember)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
