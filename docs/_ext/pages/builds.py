"""Let a build go on from the last one only if that one came to its end.

At its end a build leaves a stamp beside what Sphinx keeps of it: what it was made of,
and how all files were then. The next build takes the stamp away as it begins. Where
there is none, or one of another state of our code or the settings, or a file is gone
since or has been changed by something else, nothing that is kept is trusted: every page
is read and written anew. The folder is emptied, too, but not before all pages are read:
a build that is refused leaves the old ones.

Two builds in the same folder at the same time would undo this: the second one waits.
"""

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout
from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.config import Config
from sphinx.util import logging

from docs._ext.pages import outcome
from snippets._tools.catalogue import ROOT

logger = logging.getLogger(__name__)

STAMP = "finished.json"
LOCK = ".lock"
# In a folder that was empty when it was first built in; others are never emptied.
OURS = ".made-by-sphinx"
CODE = "docs/_ext", "snippets/_tools"
BESIDE_CONF = "conf.py", "_templates", "_inventories", "_diagrams"
LIBRARIES = (
    "sphinx",
    "docutils",
    "markdown-it-py",
    "pygments",
    "furo",
    "pagefind",
)
CACHE = "codeautolink-cache.json"  # forgets every page in Markdown, but crashes if torn
OF_A_PREVIEW = "guide_preview"  # the one setting after which pages stay
PATIENCE = 600.0  # seconds that a build waits for another one
State = list[int] | None  # modified when, and how long; none if that is not settled


@dataclass
class Stamp:
    """What a build was made of, and how its files were at its end.

    ``inputs`` are what each page was made of; ``kept`` is what was made.
    """

    outdir: str
    code: str
    assets: str
    inputs: dict[str, dict[str, State]] = field(default_factory=dict)
    kept: dict[str, State] = field(default_factory=dict)


@dataclass
class Build:
    """A build that has begun: when, its stamp so far, and that of the last one."""

    started: int
    stamp: Stamp
    last: Stamp | None
    locks: list[FileLock]
    whole: bool = True  # unless a page is left out


def of(app: Sphinx) -> Build:
    """Return the build that has begun."""
    return app.guide_build  # type: ignore[attr-defined, no-any-return]


def begin(app: Sphinx, config: Config) -> None:
    """Take the stamp of the last build away; forget all if it cannot be gone on from.

    This comes before Sphinx loads what it has kept.
    """
    kept = Path(app.doctreedir)
    try:
        kept.mkdir(parents=True, exist_ok=True)
        locks = [_locked(app, folder) for folder in sorted({app.outdir, kept})]
        if not any(_others(app)):
            Path(app.outdir, OURS).touch()
        stamp = Stamp(str(app.outdir), _code(app, config), _assets(app))
        last = _last(app, stamp)
        (kept / STAMP).unlink(missing_ok=True)
        (kept / CACHE).unlink(missing_ok=True)
        if not last:
            (kept / ENV_PICKLE_FILENAME).unlink(missing_ok=True)
    except OSError as error:
        logger.error(outcome.explain(app, error))  # noqa: TRY400 - no mistake of ours
        outcome.fail(app, 2)
    config.epub_exclude_files = [*config.epub_exclude_files, LOCK, OURS]
    app.guide_build = Build(time.time_ns(), stamp, last, locks)  # type: ignore[attr-defined]


def _locked(app: Sphinx, folder: Path) -> FileLock:
    """Return the lock of a folder, once nobody else has it."""
    lock = FileLock(Path(folder, LOCK))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print(f"waiting for another build in {folder}", file=sys.stderr, flush=True)
        try:
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            logger.error("%s: another build does not end; end it", lock.lock_file)  # noqa: TRY400 - no mistake of ours
            outcome.fail(app, 2)
    return lock


def _last(app: Sphinx, now: Stamp) -> Stamp | None:
    """Return the stamp of the last build, if this one can go on from there."""
    try:
        text = Path(app.doctreedir, STAMP).read_text(encoding="utf-8")
        last = Stamp(**json.loads(text))
        paths = [path for files in last.inputs.values() for path in files]
        sound = last.kept == _states(last.kept) and all(
            map(Path.exists, map(Path, paths))
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if app.config.guide_preview:
        now.assets = last.assets  # pages stay; the next build makes them anew
    same = (last.outdir, last.code, last.assets) == (now.outdir, now.code, now.assets)
    return last if same and sound else None


def changed(app: Sphinx) -> Iterator[str]:
    """Yield the pages made of a file that is not as it was, be it newer or older."""
    if last := of(app).last:
        for page, files in last.inputs.items():
            if files != _states(files):
                yield page


def empty(app: Sphinx, _: object) -> None:
    """Take everything old away before all is written anew, if all was read well."""
    if of(app).last or app._warncount or not Path(app.outdir, OURS).exists():  # noqa: SLF001 - nobody else knows
        return
    for path in _others(app):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _others(app: Sphinx) -> Iterator[Path]:
    """Yield what is in the folder besides what belongs to no build alone."""
    kept = Path(app.doctreedir)
    for path in Path(app.outdir).iterdir():
        if path.name not in {LOCK, OURS} and not kept.is_relative_to(path):
            yield path


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Leave a stamp, if everything is done and nothing is wrong.

    Only pages in HTML are made one by one; other forms of the site are made at once.
    """
    build = of(app)
    try:
        outcome.end(app, exception)
        sound = not exception and not app._warncount and build.whole  # noqa: SLF001 - nobody else knows
        if sound and app.builder.name == "html":
            _leave(app, build)
    finally:
        for lock in build.locks:
            lock.release()


def _leave(app: Sphinx, build: Build) -> None:
    env, stamp = app.env, build.stamp
    for page in env.found_docs:
        files = env.doc2path(page), *env.dependencies[page]
        paths = sorted({str(Path(app.srcdir, path)) for path in files})
        # What was saved while this was built may have been read before.
        stamp.inputs[page] = {
            path: state if state and state[0] < build.started else None
            for path, state in _states(paths).items()
        }
    kept = Path(app.doctreedir)
    pages = Path(app.outdir).rglob("*.html")
    made = [kept / ENV_PICKLE_FILENAME, *kept.rglob("*.doctree"), *pages]
    stamp.kept = _states(map(str, made))
    draft = kept / f"{STAMP}.draft"
    draft.write_text(json.dumps(asdict(stamp)), encoding="utf-8")
    draft.replace(draft.with_suffix(""))


def _states(paths: Iterable[str]) -> dict[str, State]:
    return {path: state(path) for path in paths}


def state(path: str) -> State:
    """Return how a file is now."""
    with suppress(OSError):
        stat = Path(path).stat()
        return [stat.st_mtime_ns, stat.st_size]
    return None


def _code(app: Sphinx, config: Config) -> str:
    """Return a fingerprint of whatever makes pages, and of every setting."""
    folders = [ROOT / name for name in CODE]
    files = _digests([*folders, *(Path(app.confdir, name) for name in BESIDE_CONF)])
    versions = {name: found.version for name, found in app.extensions.items()}
    versions |= {name: metadata.version(name) for name in LIBRARIES}
    settings = {item.name: item.value for item in config if item.name != OF_A_PREVIEW}
    return _digest([files, versions, sys.version, sorted(app.tags), settings])


def _assets(app: Sphinx) -> str:
    """Return a fingerprint of what pages name by its content."""
    return _digest(_digests([Path(app.confdir, "_static")]))


def _digests(paths: Iterable[Path]) -> dict[str, str]:
    """Return the fingerprint of each file, or of each in a folder."""
    files = {file for path in paths for file in (path, *path.rglob("*"))}
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(files)
        if file.is_file() and "__pycache__" not in file.parts
    }


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Return what stands for a setting that JSON has no form of."""
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    return getattr(value, "__qualname__", type(value).__qualname__)
