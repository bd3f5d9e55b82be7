"""Measure what verifying and building cost, side by side, and print a table.

Ratios are of medians of runs that take turns, so that a noisy machine hits both alike.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT, Program
from snippets._tools.evidence import provenance
from snippets._tools.runs import verify
from tests.helpers.cases import OPTIONS, vouch_for
from tests.helpers.previews import serve

DIRECTIVES = re.compile(
    r"^```\{(?:chart|chooser|diagram|evidence|timeline)\}.*?^```$",
    re.MULTILINE | re.DOTALL,
)
TURNS = 3
SCALES = 1, 4, 16
HELLO = """\
\"\"\"Say hello.\"\"\"


def main() -> None:
    \"\"\"Print it.\"\"\"
    print("hello")


if __name__ == "__main__":
    main()
"""


def timed(action: Callable[..., object], *arguments: object) -> float:
    """Return how many seconds it takes to do something to arguments."""
    started = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - started


def say(what: str, figure: float, unit: str, goal: str = "") -> None:
    """Print a row of the table."""
    print(f"{what:58} {figure:8.2f} {unit:2} {goal}", flush=True)


def sphinx(docs: Path, out: Path, *options: str) -> None:
    """Build a site; what it says is shown if it fails."""
    subprocess.run(
        [sys.executable, "-m", "sphinx", "--quiet", *options, docs, out],
        env=os.environ | {"PYTHONWARNINGS": "ignore::DeprecationWarning"},
        stderr=subprocess.DEVNULL,
        check=True,
    )


def verify_all(programs: list[Program]) -> None:
    """Verify programs as it is done before a build; each must pass."""
    assert not any(verdict.complaint for verdict in verify.run_all(programs))


def measure_verification() -> None:
    """Verify the guide program by program, and as it is done, many at once."""
    programs = [
        program for program in catalogue.programs().values() if not program.obstacle
    ]
    alone, together, runs = [], [], 0
    for _ in range(TURNS):
        verdicts = list(verify.run_all(programs, at_once=1))
        alone.append(sum(verdict.run.seconds for verdict in verdicts))
        runs = len(verdicts)
        together.append(timed(verify_all, programs))
    own, whole = statistics.median(alone), statistics.median(together)
    say(f"verification of {len(programs)} programs, {runs} runs", whole, "s", "< 45")
    say("  per run of a program", whole / runs, "s")
    say("  over the sum of the programs' own times", whole / own, "", "< 0.8")


def without_ours(folder: Path) -> Path:
    """Return the same pages for a build that has no extension of ours."""
    docs = folder / "docs"
    shutil.copytree(ROOT / "docs", docs)
    for name in ("snippets", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    conf = docs / "conf.py"
    text = conf.read_text(encoding="utf-8")
    conf.write_text(text.replace('    "docs._ext",\n', ""), encoding="utf-8")
    for page in docs.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"```\{catalogue\} (\w+)\n```", functions_of_chapter, text)
        page.write_text(DIRECTIVES.sub("", text), encoding="utf-8")
    return docs


def functions_of_chapter(found: re.Match[str]) -> str:
    """Return what the catalogue lists, in directives of Sphinx alone."""
    listed = "```{eval-rst}\n.. automodule:: "
    return "\n".join(
        f"## {program.path.stem}\n\n{listed}{program.module}\n```"
        for program in catalogue.programs().values()
        if program.chapter == found[1]
        and program.requires_python <= sys.version_info[:2]
    )


def measure_builds() -> None:
    """Build the site cold, warm, and with no extension of ours; then show an edit."""
    chapter = ROOT / "docs/guide/threads.md"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        plain, out = without_ours(folder), folder / "out"
        cold, bare, warm, edited = [], [], [], []
        for _ in range(TURNS):
            cold.append(timed(sphinx, ROOT / "docs", out, "-E", "-a"))
            bare.append(timed(sphinx, plain, folder / "plain", "-E", "-a"))
            warm.append(timed(sphinx, ROOT / "docs", out))
            chapter.touch()
            edited.append(timed(sphinx, ROOT / "docs", out))
        with serve(folder, str(ROOT / "docs")) as preview:
            shown = [preview.reload(chapter.touch) for _ in range(TURNS)]
    cold_seconds, bare_seconds = statistics.median(cold), statistics.median(bare)
    say("build, cold", cold_seconds, "s")
    say(
        "  over that of the same pages without extensions of ours",
        cold_seconds / bare_seconds,
        "",
        "< 1.15",
    )
    say("build, nothing changed", statistics.median(warm), "s", "< 3")
    say("build, one chapter touched", statistics.median(edited), "s")
    say("preview, one chapter saved", statistics.median(shown), "s", "< 2")


def larger(scale: int, folder: Path) -> list[Program]:
    """Lay out a project of so many times two chapters of five programs each."""
    (folder / "docs").mkdir(parents=True)
    chapters = [f"chapter{number}" for number in range(2 * scale)]
    toctree = "\n".join(("# Index", "", "```{toctree}", *chapters, "```", ""))
    (folder / "docs/index.md").write_text(toctree, encoding="utf-8")
    programs = [
        program
        for chapter in chapters
        for program in chapter_of_programs(chapter, folder)
    ]
    vouch_for(programs, folder)
    return programs


def chapter_of_programs(chapter: str, folder: Path) -> Iterator[Program]:
    """Write five programs, their outputs, and the chapter that shows them."""
    page = [f"# {chapter}", ""]
    for number in range(5):
        path = folder / f"snippets/{chapter}/hello{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HELLO, encoding="utf-8")
        path.with_suffix(".out").write_text("hello\n", encoding="utf-8")
        for name in (path.name, f"{path.stem}.out"):
            page += [f"```{{literalinclude}} ../snippets/{chapter}/{name}", "```", ""]
        yield catalogue.read(path)
    text = "\n".join(page)
    (folder / f"docs/{chapter}.md").write_text(text, encoding="utf-8")


def measure_growth() -> None:
    """Verify and build projects that are 1, 4 and 16 times as large."""
    for scale in SCALES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            programs = larger(scale, folder)
            verification = timed(verify_all, programs)
            options = [f"-D{name}={value}" for name, value in OPTIONS.items()]
            building = timed(sphinx, folder / "docs", folder / "out", "-C", *options)
        size = f"{len(programs)} programs in {2 * scale} chapters"
        say(f"{size}: verification", verification, "s")
        say("  per program", 1000 * verification / len(programs), "ms")
        say(f"{size}: cold build", building, "s")
        say("  per program", 1000 * building / len(programs), "ms")


def main() -> None:
    """Print the table."""
    here = f"Python {provenance.python()}, {provenance.machine()}"
    print(f"{here}, medians of {TURNS}")
    measure_verification()
    measure_builds()
    measure_growth()


if __name__ == "__main__":
    main()
