"""Find the tests that guard a program, by the names they use."""

import ast
from collections.abc import Iterator
from pathlib import Path

from snippets._tools.catalogue import ROOT, Program


def guards_of(program: Program, root: Path = ROOT) -> list[str]:
    """Return what pytest calls the tests of its chapter that speak of a program.

    A test does so if it uses the program's module, a name that is imported from it, or
    a fixture or helper that does. A program that not every Python runs is imported by
    the test itself: then it counts who writes its name.
    """
    file = f"tests/programs/test_{program.chapter}.py"
    path = root / file
    if not path.exists():
        return []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(_names_of(program, tree)) or {program.path.stem, program.module}
    while more := {item.name for item in _speaking(tree, names)} - names:
        names |= more
    return [
        f"{file}::{item.name}"
        for item in _speaking(tree, names)
        if item.name.lower().startswith("test")
    ]


Item = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _names_of(program: Program, tree: ast.Module) -> Iterator[str]:
    """Yield the names by which a file of tests knows a program."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if program.module in {node.module, f"{node.module}.{alias.name}"}:
                    yield alias.asname or alias.name


def _speaking(tree: ast.Module, names: set[str]) -> Iterator[Item]:
    """Yield the functions and classes of a file that use one of the names."""
    for node in tree.body:
        if isinstance(node, Item) and names & set(_words(node)):
            yield node


def _words(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=word) | ast.arg(arg=word):
                yield word
            case ast.Constant(value=str(word)):  # @pytest.mark.usefixtures("pool")
                yield word
