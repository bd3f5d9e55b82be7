"""Refuse a page that is no text, or has no title, before it makes others crash."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from docs._ext.pages import outcome

logger = logging.getLogger(__name__)
NO_TITLE = {"", "<no title>"}  # what Sphinx calls a page that has none


def check_text(app: Sphinx) -> None:
    """Stop if there is a page that cannot be read."""
    app.env.find_files(app.config, app.builder)  # there may be others than last time
    for page in sorted(app.env.found_docs):
        path = app.env.doc2path(page)
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            logger.error(outcome.explain(app, error))  # noqa: TRY400 - no mistake of ours
            continue
        try:
            content.decode()
            bad = content.find(b"\0")
            reason = "has a NUL byte; take it out"
        except UnicodeDecodeError as error:
            bad = error.start
            reason = "is not UTF-8; save it as UTF-8"
        if bad >= 0:
            line = content.count(b"\n", 0, bad) + 1
            logger.error(reason, location=f"{path}:{line}")
    outcome.stop(app)


def check_titles(_: Sphinx, env: BuildEnvironment) -> None:
    """Report each page that others cannot name."""
    for page in sorted(env.found_docs & env.titles.keys()):
        if env.titles[page].astext() in NO_TITLE:
            place = f"{env.doc2path(page)}:1"
            logger.error("has no title; begin with a line: # TITLE", location=place)
