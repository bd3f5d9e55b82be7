"""What the pages of the guide are made with: one extension, in one visible order.

- ``gate``: what may be shown
- ``figures``: what pages show, and their directives
- ``pages``: pages made anew when due, searched, explained
- ``formats``: a book, copies for tools, an archive
"""

from typing import Literal

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from docs._ext.figures import (
    charts,
    chooser,
    diagrams,
    evidence,
    pictures,
    programs,
    timelines,
)
from docs._ext.formats import archive, book, copies
from docs._ext.gate import blocks, finished, reading
from docs._ext.pages import builds, freshness, hover, outcome, search, sitemap, sources

Setting = tuple[str, object, Literal["", "env"]]
# The name of each, its default, and what is made anew when it changes.
SETTINGS: tuple[Setting, ...] = (
    ("guide_snippets", "../snippets", "env"),  # the programs, from docs/
    ("guide_ledger", "../build/ledger", ""),
    ("guide_complete", False, ""),  # whether every program must have run
    ("guide_session_seconds", 10, ""),  # for the sessions of a page
    ("guide_preview", False, ""),  # whether somebody waits for the page they edit
    ("guide_search", True, ""),  # whether there is a search
    ("guide_search_weights", {}, ""),  # of pages, by how their names begin
    ("guide_evidence_page", "reference/verification", "env"),
    ("guide_glossary_page", "reference/glossary", "env"),
    ("guide_name", "guide", ""),  # of the files to take away
    ("guide_summary", "", ""),  # in a sentence
)
DIRECTIVES = {
    "catalogue": programs.Catalogue,
    "chart": charts.ChartDirective,
    "chooser": chooser.ChooserDirective,
    "diagram": diagrams.DiagramDirective,
    "evidence": evidence.EvidenceDirective,
    "timeline": timelines.TimelineDirective,
}
# Handlers of an event are called from top to bottom; those of others have priority 500.
HANDLERS = (
    ("config-inited", 900, builds.begin),  # before anything that was kept is loaded
    ("config-inited", 910, sitemap.take_over),
    ("builder-inited", 300, blocks.check_ledger),  # before anything is built
    ("builder-inited", 310, sources.check_text),
    ("builder-inited", 320, finished.note_begin),
    ("builder-inited", 400, freshness.find),  # before anybody asks what will be written
    ("builder-inited", 500, search.leave_own_search),
    ("builder-inited", 510, freshness.tell_the_truth_again),
    ("env-get-outdated", 500, freshness.read),
    ("env-before-read-docs", 500, freshness.note),
    ("env-purge-doc", 500, blocks.forget_page),
    ("env-purge-doc", 510, finished.forget_page),
    ("env-merge-info", 500, blocks.merge_pages),
    ("env-merge-info", 510, finished.merge_pages),
    ("doctree-read", 100, reading.check_page),
    ("doctree-read", 110, programs.present_page),
    ("doctree-read", 120, evidence.add_lines),
    ("doctree-read", 130, timelines.add_timelines),
    ("doctree-read", 135, finished.note_page),  # when it has all of its pictures
    ("doctree-read", 140, hover.note_glossary),
    ("env-updated", 100, freshness.read_others),  # before links in code are made
    ("env-updated", 500, freshness.remember),
    ("env-check-consistency", 500, blocks.check_programs),
    ("env-check-consistency", 510, sources.check_titles),
    ("env-check-consistency", 890, outcome.stop),  # nothing refused is written
    ("env-check-consistency", 900, builds.empty),
    ("doctree-resolved", 500, evidence.fill_in),
    ("doctree-resolved", 510, hover.add_meanings),
    ("doctree-resolved", 900, copies.say_in_words),  # when all is filled in
    ("html-collect-pages", 500, search.search_page),
    ("html-page-context", 500, chooser.add_script),
    ("html-page-context", 510, book.leave_out_styles),
    ("build-finished", 390, freshness.link_what_is_written),
    ("build-finished", 400, sitemap.fill),
    ("build-finished", 500, blocks.write_manifest),
    ("build-finished", 505, finished.check_pages),  # as all others have left them
    ("build-finished", 520, evidence.copy_sources),
    ("build-finished", 530, archive.write_archive),
    ("build-finished", 540, search.write_index),
    ("build-finished", 550, copies.write_list),
    ("build-finished", 999, builds.finish),  # when nothing is left to be done
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all of it."""
    outcome.listen(app)
    app.setup_extension("sphinx_markdown_builder")  # which ``copies`` extends
    for name, default, rebuild in SETTINGS:
        app.add_config_value(name, default, rebuild, types=type(default))
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    pictures.add_nodes(app)
    chooser.add_nodes(app)
    app.add_css_file("pictures.css")
    app.add_builder(book.Book, override=True)
    for event, priority, handler in HANDLERS:
        app.connect(event, handler, priority)
    return {
        "version": "1",
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
