"""Show programs: their captions, labels and downloads, and the catalogue of them."""

import sys
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from docs._ext.gate.blocks import Kind, known_programs
from snippets._tools.catalogue import OLDEST_PYTHON, Program

# Where classes live, and where their documentation says they do.
PUBLIC_MODULES = {
    "_asyncio": "asyncio",
    "_queue": "queue",
    "aiohttp.client": "aiohttp",
    "aiohttp.client_reqrep": "aiohttp",
    "aiohttp.web_request": "aiohttp.web",
    "aiohttp.web_response": "aiohttp.web",
    "asyncio.events": "asyncio",
    "asyncio.locks": "asyncio",
    "asyncio.queues": "asyncio",
    "concurrent.futures._base": "concurrent.futures",
    "concurrent.futures.process": "concurrent.futures",
    "concurrent.futures.thread": "concurrent.futures",
    "multiprocessing.context": "multiprocessing",
    "multiprocessing.queues": "multiprocessing",
    "multiprocessing.synchronize": "multiprocessing",
}
LANGUAGES = {Kind.PROGRAM: "python", Kind.EXCERPT: "python", Kind.OUTPUT: "output"}


@dataclass(frozen=True)
class PublicModule:
    """Name modules as their documentation does; a function could not be pickled."""

    def __call__(self, module: str) -> str:
        """Return the public name of a module."""
        return PUBLIC_MODULES.get(module, module)


def needs(program: Program) -> list[str]:
    """Return what a program needs besides the oldest Python, in a reader's words."""
    version = ".".join(map(str, program.requires_python))
    newer = program.requires_python > OLDEST_PYTHON
    python = [f"Python {version} or later"] if newer else []
    return python + [f"needs {package}" for package in program.dependencies]


def present_page(app: Sphinx, doctree: nodes.document) -> None:
    """Give each program, excerpt and output of a page its caption."""
    programs = known_programs(app)
    for node in list(doctree.findall(nodes.literal_block)):
        kind = node.get("kind")
        if kind not in LANGUAGES:
            continue
        node["language"] = LANGUAGES[kind]
        path = Path(node["source"])
        program = programs[f"{path.parent.name}/{path.stem}"]
        caption = nodes.caption("", "", *_caption(program, kind))
        anchor = nodes.make_id(f"{kind}-{program.name}")
        if kind == Kind.EXCERPT:
            anchor += f"-{app.env.new_serialno(anchor)}"
        wrapper = nodes.container(
            literal_block=True, ids=[anchor], program=program.name
        )
        wrapper["classes"] += ["literal-block-wrapper", str(kind)]
        node.replace_self(wrapper)
        wrapper += [caption, node]
        page = app.env.current_document.docname
        if kind == Kind.PROGRAM and page.endswith(f"/{program.chapter}"):
            _label(app, page, program, anchor)


def _caption(program: Program, kind: Kind) -> list[nodes.Node]:
    name = nodes.literal("", program.path.name)
    if kind == Kind.OUTPUT:
        comparison = nodes.inline("", str(program.comparison), classes=["comparison"])
        return [nodes.Text("Output"), comparison]
    if kind == Kind.EXCERPT:
        return [nodes.Text("From "), name]
    target = f"/../snippets/{program.name}.py"
    download = addnodes.download_reference("", "", name, reftarget=target)
    return [download, *(nodes.inline("", n, classes=["badge"]) for n in needs(program))]


def _label(app: Sphinx, page: str, program: Program, anchor: str) -> None:
    """Let pages refer to a program by its name, as in {ref}`basics/same_work`."""
    standard = app.env.domains.standard_domain
    standard.anonlabels[program.name] = page, anchor
    standard.labels[program.name] = page, anchor, program.name


class Catalogue(SphinxDirective):
    """The programs of a chapter, with what they need and their functions."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section for each program of the chapter."""
        chapter = self.arguments[0]
        found = [
            p for p in known_programs(self.env.app).values() if p.chapter == chapter
        ]
        if not found:
            message = f"there is no program in snippets/{chapter}/"
            raise self.error(message)
        for program in found:
            self.env.note_dependency(str(program.path))
        text = "\n".join(_entry(program) for program in found)
        before = set(self.state.document.findall(nodes.section))
        others = self.parse_text_to_nodes(text, allow_section_headings=True)
        # The parser has put the sections into the page itself.
        for section in {*self.state.document.findall(nodes.section)} - before:
            section["catalogue"] = chapter  # where the gate lets signatures be
        return others


def _entry(program: Program) -> str:
    """Return the catalogue's entry of a program, in MyST Markdown."""
    requirements = (
        "; ".join(needs(program)) or "any supported Python, nothing to install"
    )
    if program.requires_python <= sys.version_info[:2]:
        functions = f"```{{eval-rst}}\n.. automodule:: {program.module}\n```"
    else:
        functions = (
            f"{program.sentence}\n\nThis site was built on an older Python, "
            "which cannot list its functions."
        )
    return f"""\
## {program.path.stem}

Shown whole at {{ref}}`{program.name}`: {requirements}.

{functions}
"""
