"""The house is in order: what must agree agrees, and what stops a test says so."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import ROOT
from tests import conftest
from tests.helpers.cases import MakeProgram, command

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CLASSIFIER = "Programming Language :: Python :: "
PYTHONS = [
    text.removeprefix(CLASSIFIER)
    for text in PROJECT["project"]["classifiers"]
    if text.startswith(CLASSIFIER)
]
LIST = re.compile(r"\b3\.1\d\b[\"']?,? +(?:and )?[\"']?3\.1\d\b")
RANGE = re.compile(r"\b3\.1\d to 3\.1\d\b")
HOUSE = [
    *(ROOT / name for name in ("noxfile.py", "pyproject.toml", ".readthedocs.yaml")),
    *(path for path in (ROOT / ".ci").iterdir()),
    *(ROOT / ".github").rglob("*.yml"),
]
TEXTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/verification.md")]


def test_the_gate_reads_the_one_list_of_pythons() -> None:
    printed = subprocess.check_output([ROOT / ".ci/pythons"], text=True)
    assert printed.split() == PYTHONS
    assert len(PYTHONS) > 1


def test_what_names_one_python_names_an_end_of_the_list() -> None:
    oldest, newest = PYTHONS[0], PYTHONS[-1]
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert f"3.{catalogue.OLDEST_PYTHON[1]}" == oldest
    assert PROJECT["tool"]["mypy"]["python_version"] == newest


@pytest.mark.parametrize("path", HOUSE, ids=lambda path: path.name)
def test_there_is_no_other_list_of_pythons(path: Path) -> None:
    assert LIST.findall(path.read_text(encoding="utf-8")) == []


def test_a_list_would_be_found() -> None:
    for text in ('["3.11", "3.12"]', "3.11 3.12", "3.11, 3.12", "3.14 and 3.15"):
        assert LIST.search(text), text


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_texts_tell_of_the_same_pythons(path: Path) -> None:
    told = set(RANGE.findall(path.read_text(encoding="utf-8")))
    assert told <= {f"{PYTHONS[0]} to {PYTHONS[-1]}"}


def test_no_test_leaves_the_machine() -> None:
    with pytest.raises(URLError, match="use the fixture httpbin"):
        urlopen("https://httpbin.org/get", timeout=1)


@pytest.fixture
def no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the loopback, as some containers do."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(socket, "create_server", refuse)


@pytest.mark.usefixtures("no_loopback")
def test_without_a_loopback_no_test_begins() -> None:
    with pytest.raises(pytest.UsageError, match=r"127\.0\.0\.1.*ip link set lo up"):
        conftest.pytest_configure()


@pytest.mark.usefixtures("no_loopback")
@pytest.mark.parametrize("arguments", [["verify", "--all"], ["run", "case/example"]])
def test_nor_does_a_program(
    arguments: list[str],
    only_program: MakeProgram,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    only_program("import os\nprint(os.environ['HTTPBIN_URL'])")
    monkeypatch.delenv("HTTPBIN_URL", raising=False)
    assert command(monkeypatch, *arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: no program can talk to another")
    assert said.count("\n") == 1


class TestMap:
    """Whoever looks for something finds its room."""

    ROOMS = "snippets/_tools/*/", "docs/*/", "docs/_ext/*/", "tests/*/"
    TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    def test_each_room_has_a_line(self) -> None:
        rooms = {
            f"`{path.relative_to(ROOT).as_posix()}/`"
            for pattern in self.ROOMS
            for path in ROOT.glob(pattern)
            if any(file.is_file() for file in path.iterdir())
            if path.name != "__pycache__"
        }
        assert len(rooms) > 20
        assert [r for r in sorted(rooms) if r not in self.TEXT] == []

    @pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
    def test_no_line_leads_to_a_room_that_is_not_there(self, page: str) -> None:
        text = (ROOT / page).read_text(encoding="utf-8")
        named = re.findall(r"^\| `([\w./-]+)`", text, re.MULTILINE)
        assert len(named) > 3
        made = {"build/"}  # by a command
        assert [n for n in named if n not in made and not (ROOT / n).exists()] == []


def test_each_kind_of_session_is_explained() -> None:
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    tags = set(re.findall(r'tags=\["(\w+)"\]', text))
    told = set(re.findall(r"(?m)^(\w+)  +\w", text.split('"""')[1]))
    assert tags == told
    assert text.count("@nox.session") == text.count("tags=[")


def test_the_last_line_of_a_run_of_tests_repeats_the_first_failure(
    tmp_path: Path,
) -> None:
    path = tmp_path / "test_it.py"
    path.write_text("def test_a(): pass\ndef test_b(): assert False\n", "utf-8")
    environment = os.environ | {"REPEAT": "nox -P 3.15 -s site --"}
    plugin = "-ptests.conftest", "-pno:cacheprovider", f"--rootdir={tmp_path}"
    command = [sys.executable, "-m", "pytest", "-n1", *plugin, str(path)]
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    last = run.stdout.splitlines()[-1]
    assert (
        last
        == f"1 failed; repeat the first: {environment['REPEAT']} test_it.py::test_b"
    )
