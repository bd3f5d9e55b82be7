"""Make a book of the site, an EPUB, that is valid, and the same whenever it is made."""

import os
import zipfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder

from docs._ext.formats import archive
from docs._ext.gate.blocks import known_runs


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

    def content_metadata(self) -> dict[str, Any]:
        """Date it, if nobody else does, from the last run of a program in it."""
        content = super().content_metadata()
        runs = [run for runs in known_runs(self._app).values() for run in runs]
        if runs and "SOURCE_DATE_EPOCH" not in os.environ:
            content["date"] = f"{max(run.date for run in runs)[:19]}Z"
        return content

    def build_epub(self) -> None:
        """Pack all files, first and uncompressed that which says what it is."""
        path = Path(self.outdir, f"{self.config.epub_basename}.epub")
        described = "META-INF/container.xml", "content.opf", "toc.ncx"
        with zipfile.ZipFile(path, "w") as book:
            kind = Path(self.outdir, "mimetype")
            archive.add(book, kind, kind.name, zipfile.ZIP_STORED)
            for name in (*described, *self.files):
                archive.add(book, Path(self.outdir, name), name)


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
