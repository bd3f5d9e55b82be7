"""Break programs and outputs in turn, and see whether anything notices.

Usage: python -m tests.mutation [CHAPTER or chapter/name ...]

Tools that exist change modules that tests import. These programs are run as files as
well, and what they print is compared, so it takes changes of our own. That the gate
refuses every shifted excerpt is tested in ``tests/site/test_gate.py``.
"""

import itertools
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT, CatalogueError, Program
from snippets._tools.runs import verify
from tests.mutation.changes import mutations
from tests.mutation.guards import guards_of

SURVIVORS = ROOT / "tests/mutation/survivors.toml"
COPIED = "snippets", "tests", "docs", ".ci", "pyproject.toml"
TEST_LIMIT = 15  # seconds for a test, less than the runner gives a program
LIMIT = 60  # seconds for all guards of a mutant; a stuck thread uses them up
PYTEST = "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--timeout={TEST_LIMIT}"

Key = tuple[str, str, str]  # program, text of the line, change


@dataclass(frozen=True)
class Mutant:
    """A changed file: which, what is changed, its new text, and what guards it."""

    program: Program
    path: Path
    line: int
    change: str
    text: str
    guards: tuple[str, ...]

    @property
    def key(self) -> Key:
        """What a survivor is listed by: the text of a line outlives its number."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return self.program.name, lines[self.line - 1].strip(), self.change

    def __str__(self) -> str:
        """Say where it is and what is changed."""
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.change}"


def mutants_of(program: Program) -> Iterator[Mutant]:
    """Yield every mutant of a program and of its output."""
    name, method = program.name, verify.start_methods(program)[0]
    run = f"{name}-{method}" if method else name  # one method: the text is the same
    meaning = (
        *PYTEST,
        f"tests/programs/test_every_program.py::test_docstrings_are_true[{name}]",
        f"tests/programs/test_every_program.py::test_no_process_holds_it_up[{name}]",
        *guards_of(program),
        f"tests/programs/test_every_program.py::test_prints_its_output[{run}]",
    )
    for change in mutations(program.path.read_text(encoding="utf-8")):
        text = str(change)
        yield Mutant(program, program.path, change.line, text, change.source, meaning)
    yield from _of_output(program)


def _of_output(program: Program) -> Iterator[Mutant]:
    test = f"test_its_output_was_recorded_by_a_run[{program.name}]"
    guards = (*PYTEST, f"tests/programs/test_every_program.py::{test}")
    lines = program.output.read_text(encoding="utf-8").splitlines(keepends=True)
    for change, changed in (
        ("a line dropped", lines[:-1]),
        ("a line added", [*lines, "more\n"]),
        ("a character changed", [*lines[:-1], lines[-1][1:]]),
    ):
        text = "".join(changed)
        yield Mutant(program, program.output, len(lines), change, text, guards)


def passes(tree: Path, guards: tuple[str, ...]) -> bool:
    """Run the guards in a copy; what hangs is killed, and did not pass."""
    process = subprocess.Popen(
        [sys.executable, "-m", *guards],
        cwd=tree,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(LIMIT) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


class Trees:
    """Copies of the project, one for each core; the checkout itself is not changed."""

    def __init__(self, stack: ExitStack) -> None:
        """Make the copies; the stack removes them."""
        self._free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._times = itertools.count(int(time.time()) + 86_400)
        for _ in range(os.cpu_count() or 1):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-"))
            self._free.put(_copy_of_project(Path(folder)))

    def pass_unchanged(self, guards: tuple[str, ...]) -> bool:
        """Tell whether guards pass as long as nothing is changed."""
        tree = self._free.get()
        try:
            return passes(tree, guards)
        finally:
            self._free.put(tree)

    def survives(self, mutant: Mutant) -> bool:
        """Tell whether the guards pass although the file is changed."""
        tree = self._free.get()
        path = tree / mutant.path.relative_to(ROOT)
        try:
            self._write(path, mutant.text)
            return passes(tree, mutant.guards)
        finally:
            self._write(path, mutant.path.read_text(encoding="utf-8"))
            self._free.put(tree)

    def _write(self, path: Path, text: str) -> None:
        """Write a file, newer than whatever was made from another text of it."""
        path.write_text(text, encoding="utf-8")
        now = next(self._times)
        os.utime(path, (now, now))


def _copy_of_project(folder: Path) -> Path:
    for name in (*COPIED, *(path.name for path in ROOT.glob("*.md"))):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy)
        else:
            shutil.copy(ROOT / name, copy)
    return folder


def listed_survivors() -> dict[Key, str]:
    """Return the survivors that are known, with the reasons why."""
    content = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return {
        (item["program"], item["line"], item["change"]): item["reason"]
        for item in content["survivor"]
    }


def judge(found: list[Mutant], trees: Trees, pool: ThreadPoolExecutor) -> list[Mutant]:
    """Try mutants that have their guards in common; return those that survive."""
    guards = found[0].guards
    if not trees.pass_unchanged(guards):
        message = f"unchanged, it fails: python -m {' '.join(guards)}"
        raise CatalogueError(message)
    judged = zip(found, pool.map(trees.survives, found), strict=True)
    return [mutant for mutant, survives in judged if survives]


def judge_all(chosen: list[Program]) -> tuple[Counter[str], list[Mutant]]:
    """Try every mutant; return how many each chapter had, and those that survive."""
    known = listed_survivors()
    made: Counter[str] = Counter()
    alive: list[Mutant] = []
    found = [mutant for program in chosen for mutant in mutants_of(program)]
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count()))
        trees = Trees(stack)
        for _, group in itertools.groupby(found, lambda mutant: mutant.guards):
            mutants = list(group)
            survivors = judge(mutants, trees, pool)
            where = mutants[0].path.relative_to(catalogue.SNIPPETS)
            caught = len(mutants) - len(survivors)
            print(f"{where!s:36} {caught:3} of {len(mutants):3} caught")
            for mutant in survivors:
                print(f"    {known.get(mutant.key, 'survives')}: {mutant}")
            sys.stdout.flush()
            made.update(mutant.program.chapter for mutant in mutants)
            alive += survivors
    return made, alive


def main() -> int:
    """Judge what the command line names; return 1 if there is anything to do."""
    try:
        chosen = [p for p in catalogue.select(sys.argv[1:]) if not p.obstacle]
        made, alive = judge_all(chosen)
    except CatalogueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    survived = Counter(mutant.program.chapter for mutant in alive)
    made["all"], survived["all"] = made.total(), survived.total()
    for chapter, count in made.items():
        caught = count - survived[chapter]
        print(f"{chapter:12} {caught:4} of {count:4} caught, {caught / count:.1%}")
    return complaints(chosen, alive)


def complaints(judged: list[Program], alive: list[Mutant]) -> int:
    """Name survivors that are not listed, and listed ones that are none; count them."""
    known, found = listed_survivors(), {mutant.key for mutant in alive}
    names = {program.name for program in judged}
    new = found - set(known)
    gone = {key for key in known if key[0] in names} - found
    for text, keys in (("not listed in", new), ("listed, but caught, in", gone)):
        for name, line, change in sorted(keys):
            print(f"{text} {SURVIVORS.name}: {name}: `{line}`: {change}")
    return min(len(new) + len(gone), 1)


if __name__ == "__main__":
    sys.exit(main())
