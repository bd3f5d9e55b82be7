"""Serve the site, and show each edit as soon as its page is built.

Usage: python docs/preview.py [argument of sphinx-autobuild ...]

sphinx-autobuild starts Python for each build, which spends half of its time importing
Sphinx and the libraries of extensions. Here they are imported once, in a process that
waits to be forked. What an edit may change is still imported anew for each build.
"""

import multiprocessing
import subprocess
from collections.abc import Sequence
from multiprocessing import forkserver
from pathlib import Path

from sphinx.application import builtin_extensions
from sphinx.cmd.build import main as sphinx_build
from sphinx_autobuild import __main__ as autobuild
from sphinx_autobuild.build import Builder

# Everything that takes long to import, but nothing that an edit may change.
LIBRARIES = [
    *("sphinx_autobuild.__main__", "sphinx.cmd.build", *builtin_extensions),
    *("sphinx.ext.autodoc", "sphinx.ext.doctest", "sphinx.ext.napoleon"),
    *("furo", "myst_parser.parsers.sphinx_", "myst_parser.sphinx_ext.main"),
    *("notfound.extension", "sphinx_autodoc_typehints", "sphinx_codeautolink"),
    *("sphinx_copybutton", "sphinx_markdown_builder", "sphinx_sitemap"),
    *("sphinxext.opengraph", "aiohttp.web", "numpy"),
]


class BuilderHere(Builder):
    """Builds in the process that sphinx-autobuild makes for each build."""

    def __call__(self, *, changed_paths: Sequence[Path]) -> None:
        """Build, if something was saved, and if what comes before it succeeds."""
        if changed_paths:
            print("saved", *sorted({path.name for path in changed_paths}))
            pages_alone = all(path.suffix == ".md" for path in changed_paths)
            # No page changes what a program does: what ran need not run again.
            before = [] if pages_alone else self.pre_build_commands
            failed = any(subprocess.call(line) for line in before)
            if failed or not self.build():
                print("the pages that are served may be older than what was saved")
                return
        print(f"serving {self.uri} until Ctrl-C", flush=True)

    def build(self) -> bool:
        """Return whether it could be built; what ends a build must not end all."""
        try:
            return sphinx_build(self.sphinx_args) == 0
        except SystemExit:
            return False


def main() -> None:
    """Have a process ready to be forked, where there are such, and serve."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("forkserver")
        forkserver.set_forkserver_preload(LIBRARIES)
        forkserver.ensure_running()
    autobuild.Builder = BuilderHere  # type: ignore[attr-defined] # imported there
    autobuild.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
