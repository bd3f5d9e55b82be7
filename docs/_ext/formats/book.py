"""Make a book of the site, an EPUB, that is valid."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder


class Book(Epub3Builder):
    """Sphinx's builder, which does not say that there are drawings in its pages."""

    def build_content(self) -> None:
        """Write the list of all files, and which of them have drawings."""
        super().build_content()
        path = Path(self.outdir, "content.opf")
        text = path.read_text(encoding="utf-8")
        for name in self.files:
            page = Path(self.outdir, name)
            if page.suffix == ".xhtml" and "<svg" in page.read_text(encoding="utf-8"):
                item = f'href="{name}" media-type'
                text = text.replace(item, f'properties="svg" {item}')
        path.write_text(text, encoding="utf-8")


def leave_out_styles(
    app: Sphinx, _: str, __: str, context: dict[str, Any], ___: nodes.document | None
) -> None:
    """Leave out the styles of sphinx-codeautolink, which makes no links in a book."""
    if isinstance(app.builder, Book):
        context["css_files"] = [
            style
            for style in context["css_files"]
            if "codeautolink" not in str(style.filename)
        ]
