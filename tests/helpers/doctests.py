"""Find the examples in the docstrings of our modules, and run them."""

import ast
import doctest
import importlib
from pathlib import Path

from snippets._tools.catalogue import ROOT

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def examples(path: Path) -> int:
    """Return how many examples a file has in its docstrings, without importing it."""
    parser = doctest.DocTestParser()
    docstrings = (
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, DOCUMENTED)
    )
    return sum(len(parser.get_examples(docstring)) for docstring in docstrings)


def modules(*folders: str) -> list[str]:
    """Return the files of some folders that have examples, from the root."""
    return [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if examples(path)
    ]


def run(file: str) -> doctest.TestResults:
    """Run the examples of a module; tell how many there were, and how many failed."""
    name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return doctest.testmod(importlib.import_module(name))
