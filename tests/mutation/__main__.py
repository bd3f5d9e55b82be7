"""Break programs and outputs in turn, and see whether anything notices.

Usage: python -m tests.mutation [CHAPTER or chapter/name ... | changed]

What was found goes into ``caught.json``. With ``changed``, programs are tried that are
not in there as they stand, and then a few mutants of the others, within two minutes.

Tools that exist change modules that tests import. These programs are run as files as
well, and what they print is compared, so it takes changes of our own. That the gate
refuses every shifted excerpt is tested in ``tests/site/test_gate.py``.
"""

import hashlib
import itertools
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT, CatalogueError, Program
from snippets._tools.runs import verify
from tests.mutation import record
from tests.mutation.changes import mutations
from tests.mutation.guards import complaint, guards_of
from tests.mutation.record import CAUGHT, SURVIVORS, Judged, Key

COPIED = "snippets", "tests", "docs", ".ci", "pyproject.toml"
TEST_LIMIT = 15  # seconds for a test, less than the runner gives a program
LIMIT = 60  # seconds for all guards of a mutant; a stuck thread uses them up
TWO_MINUTES = 120.0  # seconds for what has changed
PICKS = 16  # programs of which one mutant is tried again
PYTEST = "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--timeout={TEST_LIMIT}"
PROGRAMS = "tests/programs/test_every_program.py"

Guards = tuple[str, ...]  # what pytest is told to run


class OutOfTimeError(Exception):
    """The time is over before all mutants of a program were tried."""


@dataclass(frozen=True)
class Mutant:
    """A changed file: which, what is changed, its new text, and what guards it.

    ``guards`` has the letters of ``caught.json``, in the order in which they are tried.
    """

    program: Program
    path: Path
    line: int
    change: str
    text: str
    guards: tuple[tuple[str, Guards], ...]

    @property
    def key(self) -> Key:
        """What a survivor is listed by: the text of a line outlives its number."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return self.program.name, lines[self.line - 1].strip(), self.change

    def __str__(self) -> str:
        """Say where it is and what is changed."""
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.change}"


def mutants_of(program: Program) -> Iterator[Mutant]:
    """Yield every mutant of a program and of its output.

    Raises:
        CatalogueError: if the program has no tests of its own.
    """
    if without := complaint(program):
        raise CatalogueError(without)
    name, method = program.name, verify.start_methods(program)[0]
    run = f"{name}-{method}" if method else name  # one method: the text is the same
    both = (
        ("t", tuple(guards_of(program))),
        (
            "o",
            (
                f"{PROGRAMS}::test_docstrings_are_true[{name}]",
                f"{PROGRAMS}::test_no_process_holds_it_up[{name}]",
                f"{PROGRAMS}::test_main_does_so_in_this_process_as_well[{name}]",
                f"{PROGRAMS}::test_prints_its_output[{run}]",
            ),
        ),
    )
    for change in mutations(program.path.read_text(encoding="utf-8")):
        text = str(change)
        yield Mutant(program, program.path, change.line, text, change.source, both)
    yield from _of_output(program)


def _of_output(program: Program) -> Iterator[Mutant]:
    test = f"{PROGRAMS}::test_a_run_is_all_that_it_takes_to_be_shown[{program.name}]"
    lines = program.output.read_text(encoding="utf-8").splitlines(keepends=True)
    for change, changed in (
        ("a line dropped", lines[:-1]),
        ("a line added", [*lines, "more\n"]),
        ("a character changed", [*lines[:-1], lines[-1][1:]]),
    ):
        text, guards = "".join(changed), (("o", (test,)),)
        yield Mutant(program, program.output, len(lines), change, text, guards)


def passes(tree: Path, guards: Guards) -> bool:
    """Run the guards in a copy; what hangs is killed, and did not pass."""
    process = subprocess.Popen(
        [sys.executable, "-m", *PYTEST, *guards],
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

    def __init__(self, stack: ExitStack, limit: float = float("inf")) -> None:
        """Make the copies; the stack removes them. ``limit`` is in seconds from now."""
        self._free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._times = itertools.count(int(time.time()) + 86_400)
        self._deadline = time.monotonic() + limit
        for _ in range(os.cpu_count() or 1):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-"))
            self._free.put(_copy_of_project(Path(folder)))

    def pass_unchanged(self, guards: Guards) -> bool:
        """Tell whether guards pass as long as nothing is changed."""
        tree = self._free.get()
        try:
            return passes(tree, guards)
        finally:
            self._free.put(tree)

    def notice(self, mutant: Mutant, letters: str = "to") -> str:
        """Return which of the guards with these letters notices a change, or a dot.

        Raises:
            OutOfTimeError: if the time is over.
        """
        tree = self._free.get()
        path = tree / mutant.path.relative_to(ROOT)
        try:
            if time.monotonic() > self._deadline:
                raise OutOfTimeError
            self._write(path, mutant.text)
            for letter, guards in mutant.guards:
                if letter in letters and not passes(tree, guards):
                    return letter
            return "."
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


def judge(program: Program, trees: Trees, pool: ThreadPoolExecutor) -> list[str]:
    """Try the mutants of a program, and record what became of them.

    Return what is to be done, and record nothing if there is anything.

    Raises:
        CatalogueError: if the tests fail although nothing is changed, or are none.
        OutOfTimeError: if the time is over.
    """
    mutants, known = list(mutants_of(program)), record.survivors()
    for guards in dict.fromkeys(g for mutant in mutants for _, g in mutant.guards):
        if not trees.pass_unchanged(guards):
            message = f"unchanged, it fails: python -m pytest {' '.join(guards)}"
            raise CatalogueError(message)
    letters = ""
    for mutant, letter in zip(mutants, pool.map(trees.notice, mutants), strict=True):
        listed = known.get(mutant.key)
        letters += "~" if listed and listed.sometimes else letter
        if letter == ".":
            print(f"    {listed.reason if listed else 'survives'}: {mutant}")
    caught = Judged("", letters).caught
    print(f"{program.name:28} {caught:3} of {len(mutants):3} caught", flush=True)
    keys = [mutant.key for mutant in mutants]
    found = [*complaints(program, keys, letters)]
    if not found:
        record.save(program, letters)
    return found


def complaints(program: Program, keys: list[Key], letters: str) -> Iterator[str]:
    """Name survivors that are not listed, and listed ones that are none."""
    known = record.survivors()
    alive = {key for key, letter in zip(keys, letters, strict=True) if letter in ".~"}
    listed = {key for key in known if key[0] == program.name}
    for text, these in (
        ("not listed in", alive - listed),
        ("listed, but caught, in", listed - alive),
    ):
        for name, line, change in sorted(these):
            yield f"{text} {SURVIVORS}: {name}: `{line}`: {change}"
    if too_many := record.excuses(letters):
        yield f"{program.where}:1: {too_many}"


def judge_all(programs: list[Program], limit: float = float("inf")) -> list[str]:
    """Try the mutants of programs; return what is to be done.

    Raises:
        CatalogueError: if the tests of one fail although nothing is changed.
    """
    found: list[str] = []
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count()))
        trees = Trees(stack, limit)
        for number, program in enumerate(programs):
            try:
                found += judge(program, trees, pool)
            except OutOfTimeError:
                rest = " ".join(late.name for late in programs[number:])
                found.append(
                    f"more has changed than can be tried in {limit:.0f} s: "
                    f"nox -s mutants -- {rest}, and commit {CAUGHT}"
                )
                break
    return found


def changed(programs: list[Program]) -> list[str]:
    """Try what has changed since it was recorded, and a little of what has not.

    Raises:
        CatalogueError: if the tests of one fail although nothing is changed.
    """
    judged = record.load()
    stale = [program for program in programs if record.is_stale(program, judged)]
    found = [
        f"{p.where}:1: cannot be tried here, it {p.obstacle}"
        for p in stale
        if p.obstacle
    ]
    found += judge_all([p for p in stale if not p.obstacle], TWO_MINUTES)
    if found:
        return found
    if stale:
        print(f"commit {CAUGHT}: its record of {len(stale)} programs is new")
    same = [p for p in programs if p.name in judged and not p.obstacle]
    same = [program for program in same if program not in stale]
    return try_again(picks(same, judged))


def picks(programs: list[Program], judged: Mapping[str, Judged]) -> list[Mutant]:
    """Return one mutant of each of some programs, which their own tests have noticed.

    They are drawn by the digests, so that a commit has its own, the same each time.
    """
    everything = "".join(each.digest for each in judged.values())

    def draw(name: str) -> str:
        return hashlib.sha256(f"{everything} {name}".encode()).hexdigest()

    found: list[Mutant] = []
    for program in sorted(programs, key=lambda program: draw(program.name))[:PICKS]:
        noticed = [
            mutant
            for mutant, letter in zip(
                mutants_of(program), judged[program.name].mutants, strict=False
            )
            if letter == "t"
        ]
        found += sorted(noticed, key=lambda mutant: draw(str(mutant)))[:1]
    return found


def try_again(mutants: list[Mutant]) -> list[str]:
    """Return complaints about mutants that their programs' own tests do not notice."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count()))
        trees = Trees(stack)
        letters = list(pool.map(lambda mutant: trees.notice(mutant, "t"), mutants))
    print(f"{letters.count('t')} of {len(mutants)} mutants of other programs caught")
    return [
        f"{CAUGHT} says that the tests of {mutant.program.name} notice it, but no: "
        f"{mutant}; nox -s mutants -- {mutant.program.name}"
        for mutant, letter in zip(mutants, letters, strict=True)
        if letter == "."
    ]


def main(arguments: list[str]) -> int:
    """Judge what the command line names; return 1 if there is anything to do."""
    try:
        if arguments == ["changed"]:
            found = changed([*catalogue.programs().values()])
        else:
            chosen = [p for p in catalogue.select(arguments) if not p.obstacle]
            found = judge_all(chosen)
            report(chosen)
    except CatalogueError as error:
        found = [f"error: {error}"]
    for complaint_ in found:
        print(complaint_, file=sys.stderr)
    return min(len(found), 1)


def report(programs: list[Program]) -> None:
    """Print what the record says of programs, by chapter."""
    judged = record.load()
    made, caught = Counter[str](), Counter[str]()
    for program in programs:
        if program.name in judged:
            for where in (program.chapter, "all"):
                made[where] += len(judged[program.name].mutants)
                caught[where] += judged[program.name].caught
    for where, count in made.items():
        share = caught[where] / count
        print(f"{where:12} {caught[where]:4} of {count:4} caught, {share:.1%}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
