"""Pack all programs into an archive, with what verifies them."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

from snippets._tools.catalogue import ROOT, SNIPPETS

BESIDE = "README.md", "LICENSE", "requirements/verify.txt"
LEFT_OUT = {"__pycache__"}


def packed() -> Iterator[Path]:
    """Yield the files to pack: the package of the programs and what it needs."""
    yield from (ROOT / name for name in BESIDE)
    for path in sorted(SNIPPETS.rglob("*")):
        if path.is_file() and not LEFT_OUT & set(path.parts):
            yield path


def write_archive(app: Sphinx, exception: Exception | None) -> None:
    """Write the archive beside the pages."""
    if exception or app.builder.name != "html":
        return
    name = app.config.guide_name
    path = Path(app.outdir, f"{name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in packed():
            archive.write(file, Path(name, file.relative_to(ROOT)))
