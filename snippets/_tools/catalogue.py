"""The one place that knows which programs there are and what each of them needs.

Nothing is registered by hand: a program is a file ``snippets/<chapter>/<name>.py``,
and what it needs is read from its docstring, its imports and its PEP 723 block. A
folder whose name begins with ``_`` holds no programs.
"""

import ast
import contextlib
import difflib
import functools
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from snippets._tools import packages

SNIPPETS = Path(__file__).resolve().parents[1]
ROOT = SNIPPETS.parent
OLDEST_PYTHON = (3, 11)
HTTPBIN = "HTTPBIN_URL"
PTRACE = "kernel.yama.ptrace_scope"  # https://docs.kernel.org/admin-guide/LSM/Yama.html

_PTRACE_SCOPE = Path("/proc/sys", *PTRACE.split("."))
# https://packaging.python.org/en/latest/specifications/inline-script-metadata/
SCRIPT_BLOCK = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
OUTPUT_LINE = re.compile(r"^Output: (?P<phrase>.+)\.$", re.MULTILINE)
PROCESS_MODULES = {"multiprocessing", "concurrent.futures.process"}
PROCESS_NAMES = {"ProcessPoolExecutor"}
CHANCE = {"random", "secrets", "urandom", "uuid"}
CONCURRENT_MODULES = {
    "asyncio",
    "concurrent",
    "multiprocessing",
    "subprocess",
    "threading",
}


class CatalogueError(Exception):
    """A program breaks a rule of the catalogue; the text names file, line and cure."""


@dataclass(frozen=True)
class Comparison:
    """How a program's output is compared with the recorded one."""

    any_order: bool = False
    figures_vary: bool = False

    def __str__(self) -> str:
        """Say it as the page says it, below a program."""
        if self.figures_vary:
            rest = "lines come in any order" if self.any_order else "the rest does not"
            return f"figures vary, {rest}"
        return "lines come in any order" if self.any_order else "the same on every run"


PHRASES = {
    "any order": Comparison(any_order=True),
    "figures vary": Comparison(figures_vary=True),
    "any order, figures vary": Comparison(any_order=True, figures_vary=True),
}


@dataclass(frozen=True)
class Program:
    """A program of the guide.

    ``name`` is ``chapter/stem``; ``requires_python`` is the oldest (major, minor)
    version that runs it.
    """

    name: str
    path: Path
    sentence: str
    comparison: Comparison
    requires_python: tuple[int, int]
    dependencies: tuple[str, ...]
    starts_processes: bool
    concurrent: bool
    by_chance: bool
    needs_server: bool
    looks_into_processes: bool

    @property
    def where(self) -> Path:
        """Its path from the root of the project, for messages."""
        return self.path.relative_to(self.path.parents[2])

    @property
    def chapter(self) -> str:
        """The stem of the chapter the program belongs to."""
        return self.path.parent.name

    @property
    def output(self) -> Path:
        """The file of its recorded output, which may not exist yet."""
        return self.path.with_suffix(".out")

    @property
    def module(self) -> str:
        """The name to import it by."""
        return f"snippets.{self.chapter}.{self.path.stem}"

    @property
    def obstacle(self) -> str:
        """Say what it needs and does not have here; nothing if it can be run."""
        if self.requires_python > sys.version_info[:2]:
            return f"needs Python {'.'.join(map(str, self.requires_python))}"
        if self.looks_into_processes and not _may_look_into_processes():
            return f"needs leave to look into other processes: {PTRACE}=0, or root"
        return ""


def _may_look_into_processes() -> bool:
    """Tell whether a process may read the memory of one that is not its child."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return True
    if sys.platform == "darwin":
        return False
    try:
        return _PTRACE_SCOPE.read_text(encoding="utf-8").strip() == "0"
    except FileNotFoundError:
        return True  # this Linux does not restrict it


def programs(snippets: Path = SNIPPETS) -> dict[str, Program]:
    """Return every program by its name, in the order of the names.

    Raises:
        CatalogueError: if a program breaks a rule; the first one found is named.
    """
    return dict(_all_programs(snippets))


@functools.cache
def _all_programs(snippets: Path) -> tuple[tuple[str, Program], ...]:
    paths = sorted(
        path
        for path in snippets.glob("*/*.py")
        if path.name != "__init__.py" and not path.parent.name.startswith("_")
    )
    return tuple((program.name, program) for program in map(read, paths))


def find(name: str) -> Program:
    """Return the program called ``chapter/stem``; a trailing ``.py`` is forgiven.

    Raises:
        CatalogueError: if there is none; near misses are named.
    """
    known = programs()
    name = name.removesuffix(".py")
    if name in known:
        return known[name]
    near = ", ".join(difflib.get_close_matches(name, known, cutoff=0.4))
    hint = (
        f"did you mean {near}?" if near else "`python -m snippets list` shows them all."
    )
    message = f"there is no program {name}: {hint}"
    raise CatalogueError(message)


def select(names: list[str]) -> list[Program]:
    """Return the programs with these names or of these chapters; all for no name."""
    chapters = dict.fromkeys(program.chapter for program in programs().values())
    wanted = dict.fromkeys(names or chapters)
    return [
        program
        for name in wanted
        for program in (
            [p for p in programs().values() if p.chapter == name]
            if name in chapters
            else [find(name)]
        )
    ]


def check_obstacle(program: Program) -> None:
    """Refuse a program that cannot be run here.

    Raises:
        CatalogueError: if so; the text says what it needs.
    """
    if program.obstacle:
        message = f"{program.name} {program.obstacle}."
        raise CatalogueError(message)


def read(path: Path) -> Program:
    """Read what a program says about itself.

    Raises:
        CatalogueError: if the file breaks a rule of programs.
    """
    where = path.relative_to(path.parents[2])
    source = _text(path, where)
    try:
        tree = ast.parse(source, filename=str(where))
    except SyntaxError as error:
        message = f"{where}:{error.lineno}: not Python, {error.msg}."
        raise CatalogueError(message) from error
    if hidden := hidden_by(path.stem, path.parents[1]):
        _refuse(where, 1, f"is named like {hidden}, which it would hide")
    docstring = _check_shape(tree, where)
    requires_python, dependencies = _script_block(source, where)
    _check_imports(tree, where, requires_python, dependencies)
    imports = _imports(tree)
    return Program(
        name=f"{path.parent.name}/{path.stem}",
        path=path,
        sentence=docstring.split("\n\n", maxsplit=1)[0].replace("\n", " "),
        comparison=_comparison(docstring, where),
        requires_python=requires_python,
        dependencies=dependencies,
        starts_processes=bool(imports & (PROCESS_MODULES | PROCESS_NAMES)),
        concurrent=bool(imports & CONCURRENT_MODULES),
        by_chance=bool(imports & CHANCE),
        needs_server=HTTPBIN in source,
        looks_into_processes=PTRACE in source,
    )


def _text(path: Path, where: Path) -> str:
    """Return the text of a program, if it is one."""
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        _refuse(where, line, f"is not UTF-8 ({error.reason}); save it as UTF-8")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        _refuse(where, line, "has a NUL byte, which no text has; take it out")
    return text.replace("\r\n", "\n")


def hidden_by(stem: str, snippets: Path) -> str:
    """Say what a program of this name would hide from those beside it, or nothing."""
    if stem in packages.STANDARD:
        return f"the standard module {stem!r}"
    return f"the package {stem!r}" if stem in _in_use(snippets) else ""


@functools.cache
def _in_use(snippets: Path) -> frozenset[str]:
    """Return the packages that programs or our tools import."""
    found: set[str] = set()
    for path in {*snippets.rglob("*.py"), *SNIPPETS.rglob("_tools/**/*.py")}:
        with contextlib.suppress(SyntaxError, ValueError):  # reading it will tell
            tree = ast.parse(path.read_bytes())
            found |= {name for _, name in _imported(tree)}
    return frozenset(found - packages.STANDARD)


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield what is imported anywhere: the line, and the name of the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = "" if node.level else node.module or ""
            yield node.lineno, name.split(".")[0] or "snippets"


def _check_imports(
    tree: ast.Module,
    where: Path,
    requires_python: tuple[int, int],
    dependencies: tuple[str, ...],
) -> None:
    """Refuse what a reader who copies the file would miss."""
    for line, name in _imported(tree):
        if name == "snippets":
            _refuse(
                where,
                line,
                "imports from snippets, and must stand alone: copy the lines it needs",
            )
        if name in packages.STANDARD or name in packages.to_import(dependencies):
            continue
        needs = ", ".join(f'"{n}"' for n in (*dependencies, packages.to_install(name)))
        _refuse(
            where,
            line,
            f"imports {name}, which it does not declare; begin the file with\n"
            "# /// script\n"
            f'# requires-python = ">={".".join(map(str, requires_python))}"\n'
            f"# dependencies = [{needs}]\n"
            "# ///\n"
            "which is all that it may import beside the standard library",
        )


def _check_shape(tree: ast.Module, where: Path) -> str:
    """Return the docstring of a program that has all of its parts."""
    docstring = ast.get_docstring(tree)
    if not docstring:
        _refuse(where, 1, "has no docstring; say in one sentence what it shows")
    if ">>>" in docstring:
        line = tree.body[0].lineno + docstring[: docstring.index(">>>")].count("\n")
        _refuse(
            where,
            line,
            "has an example in its docstring; give a function of its own the doctest",
        )
    last = tree.body[-1].lineno
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "main":
            reason = "has an async main(): it must be a plain function that calls"
            _refuse(where, node.lineno, f"{reason} asyncio.run()")
    functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    if "main" not in functions:
        _refuse(where, last, "has no main(); put what it does when run into one")
    if not _is_guard(tree.body[-1]):
        _refuse(
            where,
            last,
            'does not end with `if __name__ == "__main__":`; call main() there',
        )
    return docstring


def _is_guard(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
    )


def _refuse(where: Path, line: int, reason: str) -> NoReturn:
    message = f"{where}:{line}: the program {reason}."
    raise CatalogueError(message)


def _comparison(docstring: str, where: Path) -> Comparison:
    found = OUTPUT_LINE.search(docstring)
    if not found:
        return Comparison()
    phrase = found["phrase"]
    if phrase not in PHRASES:
        line = docstring[: found.start()].count("\n") + 1
        choices = "; ".join(f"Output: {known}." for known in PHRASES)
        _refuse(where, line, f"says `Output: {phrase}.`, which is none of: {choices}")
    return PHRASES[phrase]


def _script_block(source: str, where: Path) -> tuple[tuple[int, int], tuple[str, ...]]:
    found = SCRIPT_BLOCK.search(source)
    if not found:
        return OLDEST_PYTHON, ()
    line = source[: found.start()].count("\n") + 1
    lines = found["content"].splitlines()
    try:
        metadata = tomllib.loads("\n".join(row[2:] for row in lines))
    except tomllib.TOMLDecodeError as error:
        _refuse(where, line, f"has a script block that is not TOML: {error}")
    version = re.fullmatch(r">=3\.(\d+)", metadata.get("requires-python", ">=3.11"))
    if not version:
        _refuse(where, line, 'needs `requires-python = ">=3.N"`, in just this form')
    return (3, int(version[1])), tuple(metadata.get("dependencies", ()))


def _imports(tree: ast.Module) -> set[str]:
    """Return the modules a program imports, their packages, and names from them."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(alias.name for alias in node.names)}
    return found | {name.split(".")[0] for name in found}
