"""The catalogue reads programs, and refuses those that break a rule."""

from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import CatalogueError, Comparison
from tests.helpers.cases import CASES, SOUND, expected, lay_out

BROKEN = [
    case
    for case in CASES
    if expected(case).startswith("snippets/")
    and "nox -s" not in expected(case)  # which mends outputs and runs, not rules
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.stem)
def test_a_broken_rule_is_named_with_file_line_and_cure(
    case: Path, tmp_path: Path
) -> None:
    lay_out(case, tmp_path)
    with pytest.raises(CatalogueError) as raised:
        catalogue.programs(tmp_path / "snippets")
    assert str(raised.value).startswith(expected(case))


SOUND_PROGRAM = b'''\
"""Say hello."""

import sys


def main() -> None:
    """Print it."""
    print("hello")


if __name__ == "__main__":
    main()
'''


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        (b"def main", b"async def main", "6: the program has an async main(): it must"),
        (b'"hello"', b'"h\xe4llo"', "8: the program is not UTF-8"),
        (b"Say", b"\0", "1: the program has a NUL byte"),
        (b"it.", b"\0.", "7: the program has a NUL byte"),
        (b"Say hello.", b"Say.\n\n>>> 1\n", "3: the program has an example in its doc"),
        (b"import sys", b"from snippets import x", "3: the program imports from snip"),
        (b"import sys", b"from . import hello", "3: the program imports from snippets"),
        (b"import sys", b"import numpy.typing", "3: the program imports numpy, which"),
        (
            b"    print",
            b"    import yarl\n    print",
            "8: the program imports yarl, wh",
        ),
        (b"import sys", b"import no_such", "3: the program imports no_such, which it"),
    ],
)
def test_what_would_not_stand_alone_is_refused_with_file_line_and_cure(
    tmp_path: Path, found: bytes, instead: bytes, said: str
) -> None:
    path = tmp_path / "snippets/basics/hello.py"
    path.parent.mkdir(parents=True)
    assert found in SOUND_PROGRAM
    path.write_bytes(SOUND_PROGRAM.replace(found, instead, 1))
    with pytest.raises(CatalogueError) as raised:
        catalogue.read(path)
    assert f"snippets/basics/hello.py:{said}" in str(raised.value)


def test_the_block_to_add_is_given_whole(tmp_path: Path) -> None:
    path = tmp_path / "snippets/basics/hello.py"
    path.parent.mkdir(parents=True)
    block = b'# /// script\n# dependencies = ["aiohttp"]\n# ///\n'
    source = SOUND_PROGRAM.replace(b"import sys", b"import aiohttp\nimport markdown_it")
    path.write_bytes(block + source)
    with pytest.raises(CatalogueError, match=r'aiohttp", "markdown-it-py"\]'):
        catalogue.read(path)
    path.write_bytes(block + source.replace(b"\nimport markdown_it", b""))
    assert catalogue.read(path).dependencies == ("aiohttp",)


@pytest.mark.parametrize("name", ["aiohttp", "numpy", "psutil"])
def test_no_program_hides_a_package_that_is_used(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"snippets/threads/{name}.py"
    path.parent.mkdir(parents=True)
    path.write_bytes(SOUND_PROGRAM)
    other = tmp_path / "snippets/threads/other.py"
    other.write_text("import numpy", encoding="utf-8")
    with pytest.raises(CatalogueError, match=f":1: .* like the package {name!r}, whi"):
        catalogue.read(path)


def test_a_sound_program_is_read(tmp_path: Path) -> None:
    lay_out(SOUND, tmp_path)
    (program,) = catalogue.programs(tmp_path / "snippets").values()
    assert program.name == "basics/hello"
    assert program.sentence == "Say hello."
    assert program.comparison == Comparison()
    assert program.requires_python == (3, 11)
    assert not program.starts_processes
    assert not program.needs_server


def test_what_a_program_needs_is_read_from_its_file() -> None:
    same_work = catalogue.find("basics/same_work")
    assert same_work.starts_processes
    assert same_work.comparison == Comparison(figures_vary=True)
    assert catalogue.find("basics/gil_computing").starts_processes
    assert not catalogue.find("basics/gil_hashing").starts_processes
    assert catalogue.find("coroutines/fetch_pages").dependencies == ("aiohttp",)


@pytest.mark.parametrize(
    ("comparison", "text"),
    [
        (Comparison(), "the same on every run"),
        (Comparison(any_order=True), "lines come in any order"),
        (Comparison(figures_vary=True), "figures vary, the rest does not"),
        (
            Comparison(any_order=True, figures_vary=True),
            "figures vary, lines come in any order",
        ),
    ],
)
def test_a_comparison_is_said_in_words(comparison: Comparison, text: str) -> None:
    assert str(comparison) == text


@pytest.fixture
def system(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pretend to be on another system."""
    scope, user, platform = request.param
    path = tmp_path / "ptrace_scope"
    if scope:
        path.write_text(f"{scope}\n", encoding="utf-8")
    monkeypatch.setattr(catalogue, "_PTRACE_SCOPE", path)
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("sys.platform", platform)


@pytest.mark.parametrize(
    "system",
    [("0", 1000, "linux"), ("1", 0, "linux"), (None, 1000, "linux")],
    indirect=True,
)
@pytest.mark.usefixtures("system")
def test_a_program_may_look_into_others() -> None:
    assert catalogue.find("performance/sample_stack").obstacle == ""


@pytest.mark.parametrize(
    "system", [("1", 1000, "linux"), (None, 1000, "darwin")], indirect=True
)
@pytest.mark.usefixtures("system")
def test_a_program_may_not_look_into_others() -> None:
    obstacle = catalogue.find("performance/sample_stack").obstacle
    assert "needs leave to look into other processes: kernel.yama.ptrace_scope=0" in (
        obstacle
    )
    assert catalogue.find("basics/gil_status").obstacle == ""


def test_selects_programs_by_name_and_by_chapter() -> None:
    chapter = [p for p in catalogue.programs().values() if p.chapter == "basics"]
    same_work = catalogue.find("basics/same_work")
    assert catalogue.select(["basics"]) == chapter
    assert catalogue.select(["basics/same_work.py"]) == [same_work]
    assert catalogue.select([]) == list(catalogue.programs().values())


def test_an_unknown_program_is_refused() -> None:
    with pytest.raises(CatalogueError, match="python -m snippets list"):
        catalogue.select(["zzz"])
