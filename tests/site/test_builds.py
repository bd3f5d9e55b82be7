"""Whatever became of earlier builds, the next one makes what a first one would make."""

import functools
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from tests.helpers.cases import (
    ENVIRONMENT,
    OPTIONS,
    SOUND,
    build,
    lay_out,
    sphinx_build,
    vouch_for,
)

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
"""
# An extension that makes trouble when an event comes for the nth time.
TROUBLE = """
import functools
import os
import resource
import signal
import time
from pathlib import Path


def setup(app):
    safe = {"parallel_read_safe": True, "parallel_write_safe": True}
    if "TROUBLE" not in os.environ:
        return safe
    event, _, number = os.environ["TROUBLE_AT"].partition(" ")
    left = [int(number or 1)]

    def trouble(*arguments):
        left[0] -= 1
        if left[0] == 0:
            exec(os.environ["TROUBLE"])

    app.connect(event, trouble, priority=int(os.environ["TROUBLE_PRIORITY"]))
    return safe
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)"
INTERRUPT = "signal.raise_signal(signal.SIGINT)"
FULL = "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))"
WAIT = """
Path("began").touch()
while not Path("go").exists():
    time.sleep(0.02)
"""
LINKS = "tests.helpers.documented,sphinx_codeautolink"
OWN_SEARCH = "-Dhtml_theme=furo", f"-Dtemplates_path={ROOT / 'docs/_templates'}"
BOOK = "-Depub_basename=book", "-Dversion=1"
LAST = 998  # the priority of what comes before the end


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project of three pages, with links in code, not built."""
    extensions = f"{OPTIONS['extensions']},{LINKS},sphinx_sitemap,trouble"
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


def trouble(what: str, at: str, priority: int = 500) -> dict[str, str]:
    """Return what makes trouble at an event."""
    return {"TROUBLE": what, "TROUBLE_AT": at, "TROUBLE_PRIORITY": str(priority)}


def build_in_trouble(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    at: str,
    priority: int = 500,
) -> tuple[int, str]:
    """Build, while there is trouble at an event."""
    with monkeypatch.context() as patch:
        for name, value in trouble(what, at, priority).items():
            patch.setitem(ENVIRONMENT, name, value)
        return build(folder)


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for something; the test's time limit ends that."""
    while not happened():
        time.sleep(0.02)


def touch(folder: Path) -> None:
    """Change a page."""
    with (folder / "docs/index.md").open("a", encoding="utf-8") as file:
        file.write("\nOne more thing.\n")


# What happens, at which event, its priority, and whether there was a build before.
ENDED_EARLY = {
    "as it begins": (KILL, "builder-inited", 500, True),
    "while pages are read": (KILL, "source-read 1", 500, True),
    "when all are read": (KILL, "env-updated", 900, True),
    "while pages are written": (KILL, "html-page-context 2", 500, True),
    "while the first pages are written": (KILL, "html-page-context 2", 500, False),
    "before links are put in": (KILL, "build-finished", 10, True),
    "at the very end": (KILL, "build-finished", LAST, False),
    "Ctrl-C while pages are written": (INTERRUPT, "html-page-context 2", 500, True),
    "Ctrl-C before the search": (INTERRUPT, "build-finished", 535, False),
}


@pytest.mark.parametrize("case", ENDED_EARLY.values(), ids=ENDED_EARLY)
def test_a_build_that_ended_early_does_not_count(
    case: tuple[str, str, int, bool], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, at, priority, before = case
    if before:
        assert build(project) == (0, "")
        touch(project)
    assert build_in_trouble(project, monkeypatch, what, at, priority)[0] != 0
    assert_as_fresh(project)


def weakened(folder: Path) -> Path:
    """Return a copy of our code whose gate lets everything pass."""
    code = folder / "code"
    for part in ("docs/_ext", "snippets", "requirements"):
        shutil.copytree(ROOT / part, code / part)
    shutil.copytree(ROOT / "tests/helpers", code / "tests/helpers")
    for part in ("docs/__init__.py", "tests/__init__.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / part, code / part)
    gate = code / "docs/_ext/gate/reading.py"
    text = gate.read_text("utf-8")
    before, after = "_refuse(node, str(reason))", 'found.append((node, "any", ""))'
    assert text.count(before) == 1
    gate.write_text(text.replace(before, after), "utf-8")
    return code


def test_the_gate_weakened_and_restored_reads_pages_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = weakened(project)
    with (project / "docs/third.md").open("a", encoding="utf-8") as page:
        page.write("\n```python\n1 + 1 == 3\n```\n")
    with monkeypatch.context() as patch:
        patch.setitem(ENVIRONMENT, "PYTHONPATH", str(code))
        assert build(project) == (0, "")
    status, said = build(project)
    assert status != 0
    assert "docs/third.md:5: " in said.splitlines()[-1]


def rename_a_page(folder: Path) -> None:
    """Rename a page, and say so where it is listed."""
    (folder / "docs/third.md").rename(folder / "docs/another.md")
    replace_in(folder / "docs/index.md", "\nthird\n", "\nanother\n")


def delete_a_page(folder: Path) -> None:
    """Delete a page, and list it no more."""
    (folder / "docs/third.md").unlink()
    replace_in(folder / "docs/index.md", "\nthird\n", "\n")


def add_a_page(folder: Path) -> None:
    """Add a page, and list it."""
    (folder / "docs/fourth.md").write_text("# Fourth\n\nIt is new.\n", "utf-8")
    replace_in(folder / "docs/index.md", "\nthird\n", "\nthird\nfourth\n")


def rename_a_program(folder: Path) -> None:
    """Rename a program and its output."""
    for suffix in (".py", ".out"):
        path = folder / f"snippets/basics/hello{suffix}"
        path.rename(path.with_stem("welcome"))
    for text in ("basics/hello.py", "basics/hello.py", "basics/hello.out"):
        replace_in(folder / "docs/index.md", text, text.replace("hello", "welcome"))
    (folder / "snippets/basics/recordings.json").unlink(missing_ok=True)
    vouch(folder)


def change_a_title(folder: Path) -> None:
    """Change the title of a page, which others show."""
    replace_in(folder / "docs/third.md", "# Third", "# Last")
    replace_in(folder / "docs/index.md", "# A sound project", "# Another project")


def bring_back_what_is_older(folder: Path) -> None:
    """Change a page and a program, with dates long before those they had."""
    program = folder / "snippets/basics/hello.py"
    replace_in(program, "Say hello.", "Say it.")
    replace_in(folder / "docs/third.md", "nothing", "something else")
    vouch(folder)
    for path in (program, folder / "docs/third.md"):
        os.utime(path, (10**9, 10**9))


def lose_what_was_made(folder: Path) -> None:
    """Delete a page that was made, and damage another."""
    (folder / "out/third.html").unlink()
    (folder / "out/other.html").write_text("<html>", "utf-8")


def leave_something_in_the_way(folder: Path) -> None:
    """Put a folder where a page was made, and damage what Sphinx keeps."""
    (folder / "out/third.html").unlink()
    (folder / "out/third.html").mkdir()
    for name in ("environment.pickle", "index.doctree", "codeautolink-cache.json"):
        (folder / "out/.doctrees" / name).write_bytes(b'{"index": [')


def replace_in(path: Path, before: str, after: str) -> None:
    """Replace something in a file, once."""
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


CHANGES = [
    rename_a_page,
    delete_a_page,
    add_a_page,
    rename_a_program,
    change_a_title,
    bring_back_what_is_older,
    lose_what_was_made,
    leave_something_in_the_way,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_leaves_nothing_old_behind(
    change: Callable[[Path], None], project: Path
) -> None:
    assert build(project) == (0, "")
    change(project)
    assert_as_fresh(project)


def test_whatever_pages_are_asked_for_the_outcome_is_whole(project: Path) -> None:
    assert build(project) == (0, "")
    assert build(project, "--write-all") == (0, "")
    replace_in(project / "snippets/basics/hello.py", "Say hello.", "Say it.")
    vouch(project)
    assert (
        subprocess.call(
            [*sphinx_build(), "docs/third.md"], cwd=project, env=ENVIRONMENT
        )
        == 0
    )
    assert_as_fresh(project)


def test_what_was_there_before_us_is_never_deleted(project: Path) -> None:
    mine = project / "out/mine.txt"
    mine.parent.mkdir()
    mine.write_text("not made by a build", "utf-8")
    assert build(project) == (0, "")
    delete_a_page(project)
    assert build(project) == (0, "")
    assert mine.exists()


def test_what_is_saved_during_a_build_is_read_by_the_next(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = "Path('docs/third.md').write_text('# Third\\n\\nSaved later.\\n')"
    monkeypatch.chdir(project)
    status, _ = build_in_trouble(project, monkeypatch, save, "env-updated", 900)
    assert status == 0
    assert_as_fresh(project)
    assert b"Saved later." in outcome(project)["third.html"]


def test_a_second_build_waits_for_the_first(project: Path) -> None:
    started = functools.partial(
        subprocess.Popen, cwd=project, stderr=subprocess.PIPE, text=True
    )
    waiting = trouble(WAIT, "html-page-context 2")
    with started(sphinx_build(), env=ENVIRONMENT | waiting) as first:
        wait_until((project / "began").exists)
        with started(sphinx_build(), env=ENVIRONMENT) as second:
            assert second.stderr is not None
            said = second.stderr.readline()
            (project / "go").touch()
            rest = second.stderr.read()
    assert re.fullmatch(r"waiting for another build in .*/out\n", said)
    assert (first.returncode, second.returncode, rest) == (0, 0, "")
    assert_as_fresh(project)


def test_a_full_disk_is_said_and_the_next_build_is_whole(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build(project) == (0, "")
    touch(project)
    for at in ("env-updated", "build-finished"):
        status, said = build_in_trouble(project, monkeypatch, FULL, at, 10)
        assert status != 0
        assert "File too large; make room, and build again" in said.splitlines()[-1]
        assert "Please also report this" not in said
    assert_as_fresh(project)


UNSOUND = {
    "not UTF-8": (b"# Other\n\ncaf\xe9\n", "docs/other.md:3: ", "save it as UTF-8"),
    "NUL": (b"# Other\n\0\n", "docs/other.md:2: ", "has a NUL byte; take it out"),
    "empty": (b"", "docs/other.md:1: ", "begin with a line: # TITLE"),
    "no title": (b"Words.\n", "docs/other.md:1: ", "begin with a line: # TITLE"),
}


@pytest.mark.parametrize("case", UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_page_is_named_last(
    case: tuple[bytes, str, str], project: Path
) -> None:
    content, place, cure = case
    (project / "docs/other.md").write_bytes(content)
    status, said = build(project, strict=False)
    last = said.splitlines()[-1]
    assert status != 0
    assert last.startswith(f"not built, 1 problem: {place}")
    assert last.endswith(cure)
    assert "Traceback" not in said


def test_a_program_that_no_page_shows_is_named_last(project: Path) -> None:
    (project / "docs/index.md").write_text("# Index\n\n```{evidence} programs\n```\n")
    status, said = build(project)
    assert status != 0
    assert said.splitlines()[-1].endswith(
        " problems; the first: no page shows the program "
        "snippets/basics/hello.py: include it literally in guide/basics.md"
    )
    assert "Traceback" not in said


def test_nothing_suppresses_a_refusal(project: Path) -> None:
    with (project / "docs/third.md").open("a", encoding="utf-8") as page:
        page.write("\n```python\n1 + 1 == 3\n```\n")
    for _ in range(2):  # the second time, too
        status, said = build(project, "-Dsuppress_warnings=verified", strict=False)
        assert status != 0
        assert said.splitlines()[-1].startswith("not built, 1 problem: docs/third.md:5")
    assert not (project / "out/third.html").exists()


def test_two_processes_make_what_one_makes(project: Path) -> None:
    assert build(project, "--jobs=2") == (0, "")
    made, wanted = outcome(project), fresh(project)
    assert made.keys() == wanted.keys()
    assert [name for name in made if made[name] != wanted[name]] == []


@pytest.mark.parametrize(
    "options",
    [["-Dguide_search=1", *OWN_SEARCH], ["--builder=epub", *BOOK]],
    ids=["site", "book"],
)
def test_the_same_files_make_the_same_bytes_elsewhere(
    options: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = project / "another place"
    shutil.copytree(project, elsewhere, copy_function=shutil.copyfile)
    for path in elsewhere.rglob("*"):
        os.utime(path, (10**9, 10**9))
        path.chmod(0o700)
    made: list[dict[str, bytes]] = []
    for folder, zone in ((project, "America/Los_Angeles"), (elsewhere, "Asia/Tokyo")):
        monkeypatch.setitem(ENVIRONMENT, "TZ", zone)
        # A builder of books has warnings of its own about what such a small one lacks.
        status, said = build(folder, "--doctree-dir=doctrees", *options, strict=False)
        assert status == 0, said
        made.append(outcome(folder))
    first, second = made
    assert first.keys() == second.keys()
    assert {"guide.zip", "book.epub"} & first.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_checkout_has_the_same_line_ends_everywhere(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("these files are no checkout, so there is nothing to clone")
    command = "git", "clone", "--quiet", "--depth=1", "--config=core.autocrlf=true"
    subprocess.run([*command, ROOT.as_uri(), tmp_path / "clone"], check=True)
    files = [path for path in (tmp_path / "clone").rglob("*") if path.is_file()]
    contents = {path: path.read_bytes() for path in files if ".git" not in path.parts}
    texts = [path for path, content in contents.items() if b"\0" not in content]
    assert len(texts) > 100
    assert [path for path in texts if b"\r\n" in contents[path]] == []
