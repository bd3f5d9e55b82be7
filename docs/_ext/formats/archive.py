"""Pack all programs into an archive, with what verifies them.

The same files make the same archive, wherever and whenever: neither their dates nor who
may read them here says anything to those who take it away.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

from snippets._tools.catalogue import ROOT, SNIPPETS

BESIDE = "README.md", "LICENSE", "requirements/verify.txt"
LEFT_OUT = {"__pycache__"}
DATE = 1980, 1, 1, 0, 0, 0  # the first that there can be
MODE = 0o100644


def packed() -> Iterator[Path]:
    """Yield the files to pack: the package of the programs and what it needs."""
    yield from (ROOT / name for name in BESIDE)
    for path in sorted(SNIPPETS.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        if path.is_file() and not hidden and not LEFT_OUT & set(path.parts):
            yield path


def add(
    archive: zipfile.ZipFile, file: Path, name: str, how: int = zipfile.ZIP_DEFLATED
) -> None:
    """Add a file to an archive, under a name."""
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type = how
    entry.create_system = 3  # Unix, so that the mode is understood
    entry.external_attr = MODE << 16
    archive.writestr(entry, file.read_bytes())


def write_archive(app: Sphinx, exception: Exception | None) -> None:
    """Write the archive beside the pages."""
    if exception or app.builder.name != "html":
        return
    name = app.config.guide_name
    path = Path(app.outdir, f"{name}.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in packed():
            add(archive, file, f"{name}/{file.relative_to(ROOT).as_posix()}")
