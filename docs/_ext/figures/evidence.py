"""Show the evidence: a line below each program, and a table of programs and of blocks.

Links lead to what the site was made from: programs and tests are copied as they are.
The ledger may change when no page does; then the pages that show it are written again:
see ``freshness``.
"""

import hashlib
import json
import shutil
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from docs._ext.figures.tables import Cell, row, table
from docs._ext.gate.blocks import (
    Block,
    Kind,
    known_programs,
    known_runs,
    pages_of_blocks,
)
from snippets._tools.catalogue import ROOT, Program
from snippets._tools.evidence import ledger, recordings
from snippets._tools.evidence.ledger import Run
from snippets._tools.evidence.recordings import Recording

SOURCES = "_sources"  # where Sphinx, too, puts the sources of a site, as plain text


class Line(nodes.General, nodes.Element):
    """The evidence for one program; filled in when its page is written."""


class Whole(nodes.General, nodes.Element):
    """The evidence for all programs, or all blocks; likewise."""


class EvidenceDirective(SphinxDirective):
    """A table of all ``programs`` or ``blocks``, or both in ``figures``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the place of it."""
        (subject,) = self.arguments
        if subject not in Page.SUBJECTS:
            known = ", ".join(Page.SUBJECTS)
            message = f"there is evidence for {known}, not for {subject}"
            raise self.error(message)
        return [Whole(subject=subject)]


def add_lines(_: Sphinx, doctree: nodes.document) -> None:
    """Put a line below each program, and below its output where that follows."""
    for node in list(doctree.findall(nodes.container)):
        if Kind.PROGRAM not in node["classes"]:
            continue
        line = Line(program=node["program"])
        target = f"/../snippets/{node['program']}.py"
        line += addnodes.download_reference(
            "", "", nodes.Text("Download"), reftarget=target
        )
        siblings = node.parent.children
        place = siblings.index(node) + 1
        below = siblings[place : place + 1]
        if below and isinstance(below[0], nodes.container):
            place += Kind.OUTPUT in below[0]["classes"]
        node.parent.insert(place, line)


@dataclass(frozen=True)
class Page:
    """A page that is being written, and what it can tell."""

    app: Sphinx
    name: str

    def runs(self, program: Program) -> list[Run]:
        """Return the runs of a program that went well."""
        return ledger.passed(program, known_runs(self.app))

    def link(self, text: str, target: str, anchor: str = "") -> nodes.reference:
        """Return a link from here to a page, or to a file of the site."""
        builder = self.app.builder
        if target in self.app.env.found_docs:
            target = builder.get_target_uri(target)
        uri = relative_uri(builder.get_target_uri(self.name), target)
        return nodes.reference("", text, refuri=uri + anchor, internal=True)

    def links(self, program: Program) -> list[nodes.reference]:
        """Return links to the files of a program, which a book has not."""
        if self.app.builder.name == "epub":
            return []
        return [
            self.link(text, f"{SOURCES}/{copy}") for text, _, copy in files_of(program)
        ]

    def fill_line(self, line: Line, program: Program) -> None:
        """Say in a line how a program was verified."""
        found = self.runs(program)
        kind = "passed" if found else "not-run"
        text = ("Verified: " if found else "") + _runs(program, found)
        links = [*line.children, *self.links(program)]
        page = self.app.config.guide_evidence_page
        if page in self.app.env.found_docs:
            links.append(self.link("Evidence", page, f"#{_row_id(program)}"))
        verdict = nodes.inline("", text, classes=[kind])
        content = [verdict, nodes.Text(" "), *_joined(links)]
        line.replace_self(nodes.paragraph("", "", *content, classes=["evidence"]))

    def program_table(self) -> nodes.Element:
        """Return a row for each program: its runs, its output, its files."""
        labels = self.app.env.domains.standard_domain.anonlabels
        rows: list[nodes.row] = []
        for program in known_programs(self.app).values():
            page, anchor = labels[program.name]
            recorded = _origin(recordings.load(program))
            files = _joined(self.links(program))
            name = self.link(program.name, page, f"#{anchor}")
            runs = _runs(program, self.runs(program))
            rows.append(row([[name], runs, recorded, files], _row_id(program)))
        heads = "Program", "Runs", "Output recorded", "Files"
        return table(heads, rows, "evidence-table")

    def block_table(self) -> nodes.Element:
        """Return a row for each block of the site: its place, kind and evidence."""
        rows = (
            row([[self.link(f"{page}:{block.line}", page)], block.kind, evidence])
            for page, blocks in sorted(pages_of_blocks(self.app.env).items())
            for block in blocks
            for evidence in [self._block(block)]
        )
        return table(["Block", "Kind", "Evidence"], rows, "evidence-table")

    def figures(self) -> nodes.Element:
        """Return what all programs and blocks add up to."""
        found = [self.runs(p) for p in known_programs(self.app).values()]
        runs = [run for passed in found for run in passed]
        facts = {
            "programs": str(sum(map(bool, found))),
            "blocks": str(sum(map(len, pages_of_blocks(self.app.env).values()))),
            "runs": str(len(runs)),
            "Pythons": pythons(run.feature for run in runs),
            "last run": max((run.date for run in runs), default="never")[:10],
        }
        figures = nodes.definition_list("", classes=["figures"])
        for name, fact in facts.items():
            said = nodes.definition("", nodes.paragraph("", fact))
            figures += nodes.definition_list_item("", nodes.term("", name), said)
        return figures

    SUBJECTS: ClassVar = {
        "figures": figures,
        "programs": program_table,
        "blocks": block_table,
    }

    def _block(self, block: Block) -> Cell:
        if block.kind in {Kind.PROGRAM, Kind.EXCERPT, Kind.OUTPUT}:
            program = known_programs(self.app)[block.source]
            link = self.link(block.source, self.name, f"#{_row_id(program)}")
            return [nodes.Text("the runs of "), link]
        if block.kind == Kind.SESSION:
            return "run as this site was built, and in each run of the tests"
        return "run in each run of the tests, or by the gate of the project"


def files_of(program: Program) -> list[tuple[str, Path, str]]:
    """Return the files to link to: what each is, where it is, and its copy's name."""
    tests = ROOT / f"tests/programs/test_{program.chapter}.py"
    files = [
        ("Source", program.path, f"snippets/{program.name}.py.txt"),
        ("Tests", tests, f"tests/programs/{tests.name}.txt"),
    ]
    return [file for file in files if file[1].exists()]


def _runs(program: Program, found: list[Run]) -> str:
    """Say where and how fast a program ran."""
    if not found:
        return f"Not run for this copy of the site: it {program.obstacle}"
    typical = statistics.median(run.seconds for run in found)
    unchecked = sorted({what for run in found for what in run.unchecked})
    told = [
        f"Python {pythons(run.feature for run in found)}",
        ", ".join(sorted({run.machine.split()[0] for run in found})),
        ", ".join(sorted({run.start_method for run in found} - {""})),
        f"{typical:.2f} s",
        f"not checked everywhere: {', '.join(unchecked)}" if unchecked else "",
    ]
    return " · ".join(item for item in told if item)


def _origin(recording: Recording | None) -> str:
    """Say where an output was recorded."""
    assert recording is not None  # the gate has seen it
    return f"{recording.day}, {recording.python}, {recording.machine}"


def pythons(versions: Iterable[str]) -> str:
    """Return versions of Python in their order, with spans for those in a row.

    >>> pythons(["3.12", "3.11", "3.13", "3.15", "3.14t", "3.15t"])
    '3.11 to 3.13, 3.15, 3.14t to 3.15t'
    """
    spans: list[list[str]] = []
    for version in sorted(set(versions), key=_order):
        threads, minor = _order(version)
        if spans and _order(spans[-1][-1]) == (threads, minor - 1):
            spans[-1].append(version)
        else:
            spans.append([version])
    return ", ".join(" to ".join(dict.fromkeys([s[0], s[-1]])) for s in spans)


def _order(version: str) -> tuple[bool, int]:
    """Return what orders versions: those with free threads come last."""
    return version.endswith("t"), int(version.rstrip("t").partition(".")[2])


def _row_id(program: Program) -> str:
    return nodes.make_id(f"evidence-{program.name}")


def _joined(links: Sequence[nodes.Node]) -> list[nodes.Node]:
    return [node for link in links for node in (nodes.Text(" "), link)][1:]


def fill_in(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Fill in the lines and the tables of a page."""
    page = Page(app, name)
    for line in list(doctree.findall(Line)):
        page.fill_line(line, known_programs(app)[line["program"]])
    for place in list(doctree.findall(Whole)):
        place.replace_self(Page.SUBJECTS[place["subject"]](page))


def pages_of_everything(app: Sphinx) -> set[str]:
    """Return the pages that show the evidence for all others."""
    return app.env.found_docs & {
        app.config.guide_evidence_page,
        app.config.root_doc,
    }


def shown_evidence(app: Sphinx) -> dict[str, str]:
    """Return a fingerprint of what each page shows of the evidence."""
    runs, programs = known_runs(app), known_programs(app)
    pages = pages_of_blocks(app.env)
    found: dict[str, str] = {}
    for page, blocks in pages.items():
        shown = [programs[b.source] for b in blocks if b.source in programs]
        found[page] = _digest([_runs(p, ledger.passed(p, runs)) for p in shown])
    everything = [asdict(block) for blocks in pages.values() for block in blocks]
    recorded = [_origin(recordings.load(program)) for program in programs.values()]
    for page in pages_of_everything(app):
        found[page] = _digest([everything, recorded, ledger.to_json(runs)])
    return found


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def copy_sources(app: Sphinx, exception: Exception | None) -> None:
    """Copy programs, their tests and the ledger to where the links lead."""
    if exception or app.builder.name != "html":
        return
    for program in known_programs(app).values():
        for _, path, name in files_of(program):
            copy = Path(app.outdir, SOURCES, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    text = json.dumps(ledger.to_json(known_runs(app)), indent=1)
    Path(app.outdir, "ledger.json").write_text(text + "\n", encoding="utf-8")
