"""Name every page in the sitemap, in a fixed order.

sphinx-sitemap names the pages that a build writes, in the order in which they are
written: after an edit that would be one. To collect them it starts a process, which
outlives a build that is killed. It is left the writing of the file alone.
"""

from queue import SimpleQueue

import sphinx_sitemap
from sphinx.application import Sphinx
from sphinx.config import Config

EXTENSION = "sphinx_sitemap"
COLLECT = {
    "builder-inited": sphinx_sitemap.record_builder_type,
    "html-page-context": sphinx_sitemap.add_html_link,
}


def take_over(app: Sphinx, _: Config) -> None:
    """Do not let it collect pages."""
    for event, collect in COLLECT.items():
        for listener in list(app.events.listeners[event]):
            if listener.handler is collect:
                app.disconnect(listener.id)
    app.sitemap_links = SimpleQueue()  # type: ignore[attr-defined]


def fill(app: Sphinx, exception: Exception | None) -> None:
    """Name every page; only the site itself has a sitemap."""
    if exception or app.builder.name != "html" or EXTENSION not in app.extensions:
        return
    for page in sorted(app.env.found_docs):
        link = app.builder.get_target_uri(page)
        if not sphinx_sitemap.is_excluded(link, app.config.sitemap_excludes):
            app.sitemap_links.put((link, None))  # type: ignore[attr-defined]
