"""Say last what is wrong: how many problems there are, and the first of them again.

Sphinx says each problem when it comes to it, and goes on. What is refused must fail
the build whatever the options are: nothing suppresses it, and it needs no
``--fail-on-warning``.
"""

import errno
import logging
import os
import pickle
from operator import itemgetter
from pathlib import Path
from typing import NoReturn

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError, SphinxError, SphinxParallelError
from sphinx.util.logging import NAMESPACE, WarningStreamHandler

CURES = {
    errno.ENOSPC: "make room, and build again",
    errno.EDQUOT: "make room, and build again",
    errno.EFBIG: "make room, and build again",
    errno.EACCES: "let yourself write there, and build again",
    errno.EROFS: "build somewhere else",
}
DAMAGED = pickle.UnpicklingError, EOFError


class Problems(logging.Filter):
    """Notes what Sphinx says, and lets it pass."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.said: list[tuple[int, str]] = []  # how bad, and what

    @property
    def refused(self) -> bool:
        """Return whether something was, and not only warned of."""
        return any(level >= logging.ERROR for level, _ in self.said)

    def filter(self, record: logging.LogRecord) -> bool:
        """Note a problem; those that are suppressed do not come here."""
        message, _, _ = record.getMessage().partition("\n")  # with its place
        self.said.append((record.levelno, message))
        return True


def listen(app: Sphinx) -> None:
    """Note from now on what is said."""
    problems = Problems()
    app.problems = problems  # type: ignore[attr-defined]
    for handler in logging.getLogger(NAMESPACE).handlers:
        if isinstance(handler, WarningStreamHandler):
            handler.addFilter(problems)  # behind those that suppress


def fail(app: Sphinx, status: int) -> NoReturn:
    """End the build, with what is wrong as the last line.

    Raises:
        SystemExit: always; after other exceptions Sphinx says more.
    """
    said: list[tuple[int, str]] = app.problems.said  # type: ignore[attr-defined]
    many = f"{len(said)} problems; the first" if len(said) > 1 else "1 problem"
    # What was refused comes before what was warned of.
    _, first = max(said, key=itemgetter(0), default=(0, "see above"))
    short = first.replace(f"{Path.cwd()}{os.sep}", "").replace("ERROR: ", "", 1)
    print(f"not built, {many}: {short}", file=app._warning)  # noqa: SLF001 - where Sphinx says the others
    raise SystemExit(status)


def stop(app: Sphinx, *_: object) -> None:
    """Fail a build that something has been refused of, so that it is not written."""
    if app.problems.refused:  # type: ignore[attr-defined]
        fail(app, 1)


def end(app: Sphinx, exception: Exception | None) -> None:
    """Fail a build that something is wrong with.

    Raises:
        SystemExit: if so.
    """
    if exception:
        if reason := explain(app, exception):
            logging.getLogger(f"{NAMESPACE}.{__name__}").error(reason)
            fail(app, 2)
        return  # a mistake of ours: Sphinx says where
    stop(app)
    if app._fail_on_warnings and app._warncount:  # noqa: SLF001 - nobody else knows
        fail(app, 1)


def explain(app: Sphinx, exception: BaseException) -> str:
    """Say what stopped a build, and what to do; empty for a mistake of ours."""
    match exception:
        case ExtensionError(orig_exc=Exception() as cause):
            return explain(app, cause)
        case OSError(errno=number, strerror=str() as reason, filename=name):
            cure = CURES.get(number or 0, "mend that, and build again")
            return f"{name or app.outdir}: {reason}; {cure}"
        case _ if isinstance(exception, DAMAGED):
            return f"{app.doctreedir}: what was kept there is damaged; build again"
        case SphinxParallelError():
            return ""
        case SphinxError() if not isinstance(exception, ExtensionError):
            return str(exception)
    return ""
