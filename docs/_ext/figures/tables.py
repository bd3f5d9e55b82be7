"""Build tables of text and links."""

from collections.abc import Iterable, Sequence

from docutils import nodes

Cell = str | list[nodes.Node]


def table(heads: Sequence[str], rows: Iterable[nodes.row], name: str) -> nodes.table:
    """Return a table with a line of heads; ``name`` is its class."""
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    group += nodes.thead("", row(heads))
    group += nodes.tbody("", *rows)
    return nodes.table("", group, classes=[name])


def row(cells: Sequence[Cell], anchor: str = "") -> nodes.row:
    """Return a row; the page can be entered at its anchor, if it has one."""
    contents = ([nodes.Text(c)] if isinstance(c, str) else c for c in cells)
    entries = (nodes.entry("", nodes.paragraph("", "", *each)) for each in contents)
    return nodes.row("", *entries, ids=[anchor] if anchor else [])
