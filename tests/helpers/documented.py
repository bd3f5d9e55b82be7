"""An extension for small projects: their first page documents ``time.sleep``.

The gate lets no page do so by itself, and links in code need something to lead to.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

FIRST = "index"


def note(app: Sphinx, _: nodes.document) -> None:
    """Note where it is documented, when that page is read."""
    if app.env.current_document.docname == FIRST:
        domain = app.env.domains.python_domain
        domain.note_object("time.sleep", "function", "time.sleep")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register it."""
    app.connect("doctree-read", note)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
