"""Refuse whatever in a page is not known to be harmless: text, links, lists, tables.

It is a list of what is allowed. What a reader could take for code or for a picture of
it is not in it, unless our own directives have made it, or ``blocks`` verifies it.
"""

import ast
import re
import sys
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from docs._ext.figures.chooser import Form
from docs._ext.figures.evidence import Line, Whole
from docs._ext.figures.pictures import Details, Picture
from snippets._tools.catalogue import Program

LONGEST = 120  # characters of code within a sentence
TEXT = {
    *(nodes.document, nodes.section, nodes.title, nodes.paragraph, nodes.inline),
    *(nodes.emphasis, nodes.strong, nodes.literal, nodes.title_reference),
    *(nodes.reference, nodes.target, nodes.abbreviation, nodes.subscript),
    *(nodes.superscript, nodes.transition, nodes.rubric, nodes.caption),
    *(nodes.bullet_list, nodes.enumerated_list, nodes.list_item, nodes.block_quote),
    *(nodes.definition_list, nodes.definition_list_item, nodes.term),
    *(nodes.definition, nodes.classifier, nodes.field_list, nodes.field),
    *(nodes.field_name, nodes.field_body, nodes.table, nodes.tgroup, nodes.colspec),
    *(nodes.thead, nodes.tbody, nodes.row, nodes.entry),
    *(nodes.footnote, nodes.footnote_reference, nodes.label, nodes.container),
    *(nodes.compound, nodes.note, nodes.tip, nodes.warning, nodes.important),
    *(nodes.admonition, addnodes.seealso, addnodes.versionmodified),
    *(addnodes.literal_strong, addnodes.literal_emphasis, addnodes.pending_xref),
    *(addnodes.download_reference, addnodes.index, addnodes.only),
    *(addnodes.toctree, addnodes.glossary, addnodes.tabular_col_spec),
}
UNSEEN = {  # a ``docinfo`` is the front matter, which Sphinx takes out
    *(nodes.comment, nodes.substitution_definition, nodes.meta, nodes.pending),
    nodes.docinfo,
}
OURS = {Picture, Details, Line, Whole, Form}
SAID_ELSEWHERE = {nodes.system_message, nodes.problematic}  # by Sphinx
BLOCKS = {nodes.literal_block, nodes.doctest_block}  # which ``blocks`` verifies
SIGNATURES = {addnodes.desc, *addnodes.SIG_ELEMENTS} | {
    kind
    for kind in vars(addnodes).values()
    if isinstance(kind, type) and kind.__name__.startswith("desc_")
}
ALLOWED = TEXT | UNSEEN | OURS | SAID_ELSEWHERE | BLOCKS | SIGNATURES
CURES = {
    nodes.image: "show a drawn idea by {diagram}, a program by {literalinclude}",
    nodes.figure: "show a drawn idea by {diagram}, a program by {literalinclude}",
    nodes.raw: "write it in Markdown; HTML may only hold a link",
    nodes.math: "write it as a sentence",
    nodes.math_block: "write it as a sentence",
}
# To what a build adds to the pages, which Sphinx does not know.
LINK = re.compile(r'<a href="[\w./-]+\.(zip|epub|json|txt|md)">|</a>')
CODE_CLASS = re.compile(r"highlight|literal|code|doctest|sig|pre$|sourcecode|kbd|samp")
# What ``figures`` puts on what has been verified.
CLASSES_OF_PROOF = {
    *("program", "excerpt", "output", "evidence", "passed", "not-run"),
    *("comparison", "badge"),
}
STATEMENTS = (
    *(ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try),
    *(ast.Match, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign),
)
TYPOGRAPHY = str.maketrans(  # what Sphinx makes of what is typed
    {
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{EN DASH}": "--",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)
OPENING = re.compile(r"(async |def |class |for |while |with |if |try\b).*:")


def complaints(
    app: Sphinx, doctree: nodes.document, programs: dict[str, Program]
) -> Iterator[tuple[nodes.Element, str]]:
    """Yield each element that may not be shown, and why; not what is within it."""
    files = {p for program in programs.values() for p in (program.path, program.output)}

    def of(node: nodes.Element) -> Iterator[tuple[nodes.Element, str]]:
        reason = _complaint(node)
        if isinstance(node, addnodes.download_reference):
            _, path = app.env.relfn2path(node["reftarget"])
            if path not in map(str, files):
                reason = "a file to download is a program or its output: link to others"
        if reason:
            yield node, reason
        if reason or type(node) in UNSEEN:
            return
        for child in node.children:
            if isinstance(child, nodes.Element):
                yield from of(child)

    return of(doctree)


def _complaint(node: nodes.Element) -> str:
    kind = type(node)
    if isinstance(node, nodes.raw) and LINK.fullmatch(node.astext()):
        return ""
    if kind not in ALLOWED:
        cure = CURES.get(kind, "docs/_ext/gate/markup.py has what may stand in a page")
        return f"nothing verifies what `{node.tagname}` shows; {cure}"
    if kind in BLOCKS | SIGNATURES:
        return _of_signature(node) if isinstance(node, addnodes.desc) else ""
    rule = RULES.get(kind)
    return _of_classes(node) or (rule(node) if rule else "")


def _of_classes(node: nodes.Element) -> str:
    if _in_catalogue(node):
        return ""  # autodoc writes types as code, by some Pythons with such a class
    for name in node["classes"]:
        if name in CLASSES_OF_PROOF or CODE_CLASS.match(name):
            return f"the class {name} is for blocks that are verified; take another"
    return ""


def _of_container(node: nodes.Element) -> str:
    if node.get("literal_block"):
        return "nothing verifies the caption of a block; leave it out"
    return ""


def _of_quotation(node: nodes.Element) -> str:
    if isinstance(node.parent, nodes.block_quote):
        return "a quotation of a quotation looks like a session; write a {doctest}"
    return ""


def _of_literal(node: nodes.Element) -> str:
    text = node.astext()
    if "\n" in text or len(text) > LONGEST or text.startswith(">>>"):
        return (
            "code within a sentence is one line, without a prompt, of at most "
            f"{LONGEST} characters; make it a program or a session"
        )
    return ""


def _of_text(node: nodes.Element) -> str:
    """Refuse what reads as a statement of Python, or as one that was typed."""
    # The catalogue lists parameters with their types: `items ()`, before these are set.
    call_is_code = not any(node.findall(nodes.literal)) and not _in_catalogue(node)
    if reads_like_code(node.astext(), called=call_is_code):
        return (
            "this reads as code, which nothing runs here; make it a program, a session "
            "or a command, or part of a sentence"
        )
    return ""


def reads_like_code(text: str, *, called: bool) -> bool:
    """Tell whether a whole text is a statement; a mere call only if asked.

    >>> reads_like_code("for x in y: print(x)", called=False)
    True
    >>> reads_like_code("fork, spawn", called=True)
    False
    """
    text = text.translate(TYPOGRAPHY)
    if any(line.startswith((">>> ", "$ ")) for line in text.splitlines()):
        return True
    try:
        tree = ast.parse(text + " pass" * bool(OPENING.fullmatch(text)))
    except (SyntaxError, ValueError):
        return False
    return any(
        isinstance(part, STATEMENTS)
        or (isinstance(part, ast.AnnAssign) and part.value is not None)
        or (
            called
            and isinstance(part, ast.Expr)
            and isinstance(part.value, ast.Call | ast.Await)
        )
        for part in tree.body
    )


def _of_signature(node: addnodes.desc) -> str:
    """Refuse the signature of anything that autodoc did not find in a program."""
    signature = node.next_node(addnodes.desc_signature)
    module = signature and sys.modules.get(signature.get("module") or "")
    if signature and module and _in_catalogue(node):
        *owners, name = signature["fullname"].split(".")
        owner: object = module
        for part in owners:
            owner = getattr(owner, part, None)
        if hasattr(owner, name) or name in getattr(owner, "__annotations__", {}):
            return ""
    return "only the catalogue shows signatures: those that our programs have"


def _in_catalogue(node: nodes.Element | None) -> bool:
    while node is not None and "catalogue" not in node:
        node = node.parent
    return node is not None


RULES = {
    nodes.container: _of_container,
    nodes.block_quote: _of_quotation,
    nodes.literal: _of_literal,
    nodes.paragraph: _of_text,
    nodes.term: _of_text,
    nodes.title: _of_text,
    nodes.rubric: _of_text,
}
