"""Find the tests that guard a program, by the names they use; tell when they change."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from snippets._tools.catalogue import ROOT, Program

CONFTEST = "tests/conftest.py"


def file_of(program: Program) -> str:
    """Return where the tests of a program are, as pytest is told."""
    return f"tests/programs/test_{program.chapter}.py"


def guards_of(program: Program, root: Path = ROOT) -> list[str]:
    """Return what pytest calls the tests of its chapter that speak of a program.

    A test does so if it uses the program's module, a name that is imported from it, or
    a fixture or helper that does. A program that not every Python runs is imported by
    the test itself: then it counts who writes its name.
    """
    path = root / file_of(program)
    if not path.exists():
        return []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(_names_of(program, tree)) or {program.path.stem, program.module}
    while more := {item.name for item in _speaking(tree, names)} - names:
        names |= more
    return [
        f"{file_of(program)}::{item.name}"
        for item in _speaking(tree, names)
        if item.name.lower().startswith("test")
    ]


def complaint(program: Program, root: Path = ROOT) -> str:
    """Say that a program has no test of what it claims; empty if it has one."""
    if guards_of(program, root):
        return ""
    return (
        f"{program.where}:1: no test in {file_of(program)} speaks of {program.name}; "
        "write one that fails when the program does not do what it claims"
    )


def digest(program: Program, root: Path = ROOT) -> str:
    """Return the SHA-256 of a program and of what its tests consist of, in hexadecimal.

    These are the tests themselves with the helpers, fixtures, constants and imports
    that they use, here and elsewhere below ``tests/``, one by one: what another program
    is tested with makes no difference, and neither do the fixtures that all tests have.
    """
    places = {
        (file_of(program), guard.rpartition("::")[2])
        for guard in guards_of(program, root)
    }
    todo = sorted(places)
    while todo:
        more = set(_used(root, *todo.pop())) - places
        places |= more
        todo += sorted(more)
    parts = [_source(root, file, name) for file, name in sorted(places)]
    text = "\n\n".join([program.path.read_text(encoding="utf-8"), *parts])
    return hashlib.sha256(text.encode()).hexdigest()


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


def _used(root: Path, file: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the places of what the statement of a name uses, fixtures among them."""
    text = (root / file).read_text(encoding="utf-8")
    node = _statements(text)[name]
    if isinstance(node, ast.ImportFrom):
        yield from _of_ours(root, node, name)
        return
    fixtures = _statements((root / CONFTEST).read_text(encoding="utf-8"))
    for word in _words(node):
        if word in _statements(text):
            yield file, word
        elif word in fixtures:
            yield CONFTEST, word
    for unasked, other in _statements(text).items():
        if unasked == "pytestmark" or "autouse=True" in ast.unparse(other):
            yield file, unasked


def _of_ours(root: Path, node: ast.ImportFrom, name: str) -> Iterator[tuple[str, str]]:
    """Yield the place of what is imported from another file of tests."""
    if (node.module or "").startswith("tests."):
        file = f"{(node.module or '').replace('.', '/')}.py"
        known = _statements((root / file).read_text(encoding="utf-8"))
        original = {a.asname or a.name: a.name for a in node.names}[name]
        if original in known:
            yield file, original


def _source(root: Path, file: str, name: str) -> str:
    """Return the text of the statement that makes a name; of an import, what it is."""
    text = (root / file).read_text(encoding="utf-8")
    node = _statements(text)[name]
    match node:
        case ast.Import(names=aliases):
            return f"import {', '.join(map(ast.unparse, aliases))}"
        case ast.ImportFrom(module=module, names=aliases):
            alias = next(a for a in aliases if name == (a.asname or a.name))
            return f"from {module} import {ast.unparse(alias)}"
    decorators = node.decorator_list if isinstance(node, Item) else []
    first = min([node.lineno, *(each.lineno for each in decorators)])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


@cache
def _statements(text: str) -> dict[str, ast.stmt]:
    """Return which statement of a file makes each of its names."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(text).body:
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                made = [alias.asname or alias.name.split(".")[0] for alias in aliases]
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                made = [node.name]
            case _:
                made = [
                    inner.id
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
                ]
        found |= dict.fromkeys(made, node)
    return found
