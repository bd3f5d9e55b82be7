"""Whatever became of earlier builds, the next one makes what a first one would make."""

import shutil
from pathlib import Path

import pytest

from snippets._tools import catalogue
from tests.helpers.cases import ENVIRONMENT, OPTIONS, SOUND, build, lay_out, vouch_for

OTHER = """\
# Other

{ref}`To the first <first>`

```{doctest}
>>> 1
1
```
"""
FIRST = """
```{toctree}
other
third
```

```{eval-rst}
.. py:function:: time.sleep(seconds)
```
"""
SECOND_PROGRAM = "snippets/basics/wait.py"
# An extension that makes trouble when an event comes for the nth time.
TROUBLE = """
import os
import resource
import signal
import time
from pathlib import Path


def setup(app):
    event, _, number = os.environ["TROUBLE_AT"].partition(" ")
    left = [int(number or 1)]

    def trouble(*arguments):
        left[0] -= 1
        if left[0] == 0:
            exec(os.environ["TROUBLE"])

    app.connect(event, trouble, priority=int(os.environ["TROUBLE_PRIORITY"]))
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)"
INTERRUPT = "signal.raise_signal(signal.SIGINT)"
FULL = "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))"
LAST = 998  # the priority of what comes before the end


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project of three pages, with links in code, not built."""
    extensions = f"{OPTIONS['extensions']},sphinx_codeautolink,sphinx_sitemap"
    settings = {
        "extensions": extensions,
        "html_baseurl": "https://example.org/",
        "sitemap_url_scheme": "{link}",
        "html_copy_source": "0",
    }
    for name, value in settings.items():
        monkeypatch.setitem(OPTIONS, name, value)
    lay_out(SOUND, tmp_path)
    index = tmp_path / "docs/index.md"
    index.write_text(f"(first)=\n{index.read_text('utf-8')}{FIRST}", "utf-8")
    (tmp_path / "docs/other.md").write_text(OTHER, "utf-8")
    (tmp_path / "docs/third.md").write_text("# Third\n\nIt shows nothing.\n", "utf-8")
    program = tmp_path / "snippets/basics/hello.py"
    text = program.read_text("utf-8").replace(
        "print(", "print(time.sleep(0)) or print("
    )
    program.write_text(text.replace("\n\n\n", "\n\nimport time\n\n\n", 1), "utf-8")
    vouch(tmp_path)
    (tmp_path / "trouble.py").write_text(TROUBLE, "utf-8")
    return tmp_path


def vouch(folder: Path) -> None:
    """Write down that all programs were recorded and passed."""
    paths = sorted(folder.glob("snippets/*/*.py"))
    vouch_for([catalogue.read(path) for path in paths], folder)


def outcome(folder: Path) -> dict[str, bytes]:
    """Return every file of the site."""
    out = folder / "out"
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".doctrees" not in path.parts
    }


def fresh(folder: Path) -> dict[str, bytes]:
    """Return every file of the site as it is when nothing was built before."""
    shutil.rmtree(folder / "out")
    assert build(folder) == (0, "")
    made = outcome(folder)
    assert b'href="index.html#time.sleep"' in made["index.html"]
    assert b"https://example.org/other.html" in made["sitemap.xml"]
    return made


def assert_as_fresh(folder: Path) -> None:
    """Build; the outcome must be that of a first build, file by file."""
    assert build(folder) == (0, "")
    made, wanted = outcome(folder), fresh(folder)
    assert made.keys() == wanted.keys()
    assert [name for name in made if made[name] != wanted[name]] == []


def build_in_trouble(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
    at: str,
    priority: int = 500,
) -> tuple[int, str]:
    """Build, while there is trouble at an event."""
    with monkeypatch.context() as patch:
        patch.setitem(OPTIONS, "extensions", f"{OPTIONS['extensions']},trouble")
        for name, value in (
            ("TROUBLE", trouble),
            ("TROUBLE_AT", at),
            ("TROUBLE_PRIORITY", str(priority)),
        ):
            patch.setitem(ENVIRONMENT, name, value)
        return build(folder)


def touch(folder: Path) -> None:
    """Change a page."""
    with (folder / "docs/index.md").open("a", encoding="utf-8") as file:
        file.write("\nOne more thing.\n")


# What happens, at which event, its priority, and whether there was a build before.
ENDED_EARLY = {
    "as it begins": (KILL, "builder-inited", 500, True),
    "while pages are read": (KILL, "source-read 2", 500, True),
    "when all are read": (KILL, "env-updated", 900, True),
    "while pages are written": (KILL, "html-page-context 2", 500, True),
    "while the first pages are written": (KILL, "html-page-context 2", 500, False),
    "before links are put in": (KILL, "build-finished", 10, True),
    "at the very end": (KILL, "build-finished", LAST, False),
    "Ctrl-C while pages are written": (INTERRUPT, "html-page-context 3", 500, True),
    "Ctrl-C before the search": (INTERRUPT, "build-finished", 535, False),
}


@pytest.mark.parametrize("case", ENDED_EARLY.values(), ids=ENDED_EARLY)
def test_a_build_that_ended_early_does_not_count(
    case: tuple[str, str, int, bool], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble, at, priority, before = case
    if before:
        assert build(project) == (0, "")
        touch(project)
    assert build_in_trouble(project, monkeypatch, trouble, at, priority)[0] != 0
    assert_as_fresh(project)


def test_the_gate_weakened_and_mended_reads_pages_again(project: Path) -> None:
    """Stand in for another state of our code by another setting of it."""
