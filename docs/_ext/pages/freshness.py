"""Make every page anew that would not be the same as it is.

Sphinx reads a page again when what it includes has changed, and writes one that it has
read. Two things it does not know: that a page shows a ledger, and what becomes of links
in code. sphinx-codeautolink asks beforehand which pages Sphinx will write, puts links
into these and no others, and forgets the links of pages in Markdown that are not read
again; and by asking it takes Sphinx's note of a changed configuration away.

So whatever is to be written is read as well, and its file made old, for all to see; and
the links are kept, for pages that are written all the same.

And every page shows something of the others: their titles beside it, the places that
its links lead to. When these change, all are made anew; that shows when some are read.

In a preview, where somebody waits for the page that they edit, the page that lists
everything, the titles beside other pages and the index of the search stay as they are,
for the next build to renew.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from docs._ext.figures.evidence import pages_of_everything, shown_evidence
from docs._ext.pages import builds


@dataclass
class Outdated:
    """The pages to be made anew, and what is left for another time.

    And what is read; how all were before; and which of their names in code are links.
    """

    pages: set[str]
    left: set[str]
    read: set[str]
    before: dict[str, builds.State]
    links: dict[str, object]


def find(app: Sphinx) -> None:
    """Find what is outdated, and make its files older than anything."""
    outdated = Outdated(set(), set(), set(), {}, dict(_links(app)))
    app.builder.outdated = outdated  # type: ignore[attr-defined]
    if not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    edited = {*app.builder.get_outdated_docs(), *_edited(app)}
    outdated.pages = edited | set(_outdated_evidence(app))
    if outdated.pages:
        outdated.pages |= pages_of_everything(app)
    if app.config.guide_preview:
        outdated.left = {app.config.guide_evidence_page} - edited
        outdated.pages -= outdated.left
    for page in outdated.pages:
        with suppress(FileNotFoundError):
            os.utime(app.builder.get_output_path(page), (0, 0))
    outdated.before = _written(app)
    # sphinx-codeautolink asks next: it may put links into any page.
    app.builder.get_outdated_docs = lambda: iter(app.env.found_docs)  # type: ignore[method-assign]


def tell_the_truth_again(app: Sphinx) -> None:
    """Let Sphinx ask what is outdated, once sphinx-codeautolink has asked.

    Remind it of the links of pages that are written without being read: ``-a`` does so.
    """
    vars(app.builder).pop("get_outdated_docs", None)
    _links(app).update(_outdated(app).links)


def link_what_is_written(app: Sphinx, exception: Exception | None) -> None:
    """Put links into no page that has them; take no page for done that is not written.

    A builder that is given names of pages reads all that is outdated, but writes those.
    """
    if exception or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    outdated, now = _outdated(app), _written(app)
    same = {page for page in now if now[page] == outdated.before.get(page)}
    for page in same:
        _links(app).pop(page, None)
    if same & outdated.read or None in now.values():
        builds.of(app).whole = False


def _links(app: Sphinx) -> dict[str, object]:
    return getattr(app.env, "sphinx_codeautolink_transforms", {})


def _written(app: Sphinx) -> dict[str, builds.State]:
    """Return how the file of each page is."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    path_of = app.builder.get_output_path
    return {page: builds.state(str(path_of(page))) for page in app.env.found_docs}


def read(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> set[str]:
    """Return those that there still are, so that they are read."""
    return _outdated(app).pages & env.found_docs


def note(app: Sphinx, _: BuildEnvironment, pages: list[str]) -> None:
    """Note which pages are read."""
    _outdated(app).read = set(pages)


def read_others(app: Sphinx, env: BuildEnvironment) -> set[str]:
    """Read all other pages, too, if what they show of each other has changed."""
    if app.config.guide_preview or not isinstance(app.builder, StandaloneHTMLBuilder):
        return set()
    shown = _shown_of_each_other(env)
    if shown == getattr(env, "shown_of_each_other", shown):
        others = set()
    else:
        others = env.found_docs - _outdated(app).read
    for page in sorted(others):
        app.events.emit("env-purge-doc", env, page)
        env.clear_doc(page)
        app.builder.read_doc(page)
    _outdated(app).read |= others
    env.shown_of_each_other = shown  # type: ignore[attr-defined]
    return others


def _shown_of_each_other(env: BuildEnvironment) -> str:
    """Return a fingerprint of the titles, the order and the targets of all pages."""
    standard, python = env.domains.standard_domain, env.domains.python_domain
    found = (
        [(page, title.astext()) for page, title in env.titles.items()],
        [(page, below) for page, below in env.toctree_includes.items()],
        [(page, data.get("myst_slugs")) for page, data in env.metadata.items()],
        *(items.items() for items in (standard.labels, standard.anonlabels)),
        *(items.items() for items in (standard.objects, python.objects)),
    )
    text = repr([sorted(map(repr, items)) for items in found])
    return hashlib.sha256(text.encode()).hexdigest()


def remember(app: Sphinx, env: BuildEnvironment) -> None:
    """Keep what the pages show of the evidence now."""
    shown = shown_evidence(app)
    written = {page: shown[page] for page in shown.keys() - _outdated(app).left}
    env.evidence_written = written  # type: ignore[attr-defined]


def _outdated(app: Sphinx) -> Outdated:
    return app.builder.outdated  # type: ignore[attr-defined, no-any-return]


def _edited(app: Sphinx) -> set[str]:
    """Return the pages that show a file that is not as it was."""
    added, changed, _ = app.env.get_outdated_files(config_changed=False)
    return added | changed | set(builds.changed(app))


def _outdated_evidence(app: Sphinx) -> Iterator[str]:
    """Yield the pages that show evidence that is not as it was."""
    then = getattr(app.env, "evidence_written", {})
    for page, digest in shown_evidence(app).items():
        if digest != then.get(page):
            yield page
