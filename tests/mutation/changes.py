"""Ways to break a program: each changes one place of its text.

Left out are places that are the same program when changed: annotations, docstrings, the
``__main__`` guard, how long to wait at most (``timeout=``), how long work is pretended
to take (an argument of ``sleep``), how many workers a pool has at most, and what is
inside an f-string's braces.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


LARGE = 100  # one more of so many is the same in kind; only one is not


@dataclass(frozen=True)
class Mutation:
    """A change of one place: its line, what stood there and stands there now."""

    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.before}  ->  {self.after}"


def mutations(source: str) -> Iterator[Mutation]:
    """Yield every change of a program that ought to be noticed."""
    tree = ast.parse(source)
    lines = source.encode().splitlines(keepends=True)
    for node, after in _changes(tree):
        start = _offset(lines, node.lineno, node.col_offset)
        end = _offset(lines, node.end_lineno or 0, node.end_col_offset or 0)
        if isinstance(node, ast.With | ast.AsyncWith):
            end = source.encode().index(b":", _end_of_items(lines, node))
        encoded = source.encode()
        before = encoded[start:end].decode()
        changed = (encoded[:start] + after.encode() + encoded[end:]).decode()
        yield Mutation(node.lineno, before, after, changed)


def _offset(lines: list[bytes], line: int, column: int) -> int:
    return sum(map(len, lines[: line - 1])) + column


def _end_of_items(lines: list[bytes], node: ast.With | ast.AsyncWith) -> int:
    last = node.items[-1].context_expr
    return _offset(lines, last.end_lineno or 0, last.end_col_offset or 0)


Place = ast.expr | ast.stmt


def _changes(tree: ast.Module) -> Iterator[tuple[Place, str]]:
    """Yield nodes, each with the text to put into its place."""
    for node in _places(tree):
        if isinstance(node, ast.stmt):
            yield from ((node, text) for text in _other_statements(node))
        elif isinstance(node, ast.Constant):
            yield from ((node, text) for text in _other_constants(node.value))
        elif isinstance(node, ast.expr):
            yield from ((node, text) for text in _other_expressions(node))


def _other_statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise():
            yield "pass"
        case ast.With(items=items) | ast.AsyncWith(items=items) if not any(
            item.optional_vars for item in items
        ):
            yield "if True"
            if len(items) > 1:
                yield f"with {', '.join(map(ast.unparse, reversed(items)))}"


def _other_constants(value: object) -> Iterator[str]:
    match value:
        case bool():
            yield str(not value)
        case int() | float():
            yield str(value + 1 if value < LARGE else 1)
        case str():
            yield repr(f"{value}?")


def _other_expressions(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in SWAPS:
            yield _with(node, ops=[SWAPS[type(operator)]()])
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator) if (
            type(operator) in SWAPS
        ):
            yield _with(node, op=SWAPS[type(operator)]())
        case ast.UnaryOp(op=ast.Not(), operand=value) | ast.Await(value=value):
            yield ast.unparse(value)


def _with(node: ast.expr, **changed: object) -> str:
    """Return the text of an expression with some of its parts changed."""
    other = copy.copy(node)
    for name, value in changed.items():
        setattr(other, name, value)
    return f"({ast.unparse(other)})"


def _places(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below a node that may be changed."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"} or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _left_out(node, child):
                yield child
                yield from _places(child)


def _left_out(parent: ast.AST, child: ast.AST) -> bool:
    match child:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.keyword(arg="timeout"):
            return True
        case ast.Constant() if isinstance(parent, ast.Call):
            called = ast.unparse(parent.func), *map(ast.unparse, parent.args[:1])
            return any(name.endswith(("sleep", "PoolExecutor")) for name in called)
    return False
