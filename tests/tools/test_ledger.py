"""The ledger is read wholly or not at all, and nothing that is in it gets lost."""

import contextlib
import datetime as dt
import multiprocessing
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from snippets.__main__ import main
from snippets._tools import catalogue
from snippets._tools.catalogue import CatalogueError, Program
from snippets._tools.evidence import ledger, recordings
from snippets._tools.evidence.ledger import Entry, Evidence, LedgerError
from snippets._tools.evidence.recordings import Recording
from snippets._tools.runs import verify

RUN = Entry(
    machine="Linux x86_64, 2 cores",
    python="3.15",
    start_method="",
    release="3.15.0",
    outcome="passed",
    seconds=0.12,
    date="2026-11-23T12:00:00+00:00",
)
Command = Callable[..., int]
HELLO = {"basics/hello": Evidence("a" * 64, "b" * 64, (RUN,))}
LATER = "2026-11-23T13:00:00+00:00"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build/ledger.json"


def copy_of(name: str, folder: Path) -> Program:
    """Return a program that may be changed."""
    original = catalogue.find(name)
    copy = folder / "snippets" / original.path.relative_to(catalogue.SNIPPETS)
    copy.parent.mkdir(parents=True)
    for file in (original.path, original.output):
        shutil.copy(file, copy.parent)
    return replace(original, path=copy)


class TestFile:
    """The file, whole and damaged."""

    def test_what_is_written_is_read(self, path: Path) -> None:
        ledger.save(HELLO, path)
        assert ledger.load(path) == HELLO

    def test_none_is_empty(self, path: Path) -> None:
        assert ledger.load(path) == {}

    @pytest.mark.parametrize(
        ("damage", "said"),
        [
            (lambda text: text[: len(text) // 2], "cut short"),
            (lambda text: text[:0], "is cut short or no JSON"),
            (lambda text: f"[{text}]", "is no ledger"),
            (lambda text: text.replace("format", "form"), "is no ledger"),
            (lambda text: text.replace("passed", "PASSED"), "was edited"),
            (lambda text: text.replace('"format": 1', '"format": 2'), "has format 2"),
        ],
        ids=["half", "empty", "a list", "no format", "edited", "the future"],
    )
    def test_a_damaged_one_is_refused_and_kept(
        self, path: Path, damage: Callable[[str], str], said: str
    ) -> None:
        ledger.save(HELLO, path)
        damaged = damage(path.read_text(encoding="utf-8"))
        path.write_text(damaged, encoding="utf-8")
        for attempt in (ledger.load, lambda path: ledger.update(HELLO, path)):
            with pytest.raises(LedgerError, match=said) as caught:
                attempt(path)
            assert str(path) in str(caught.value)
            assert "verify anew" in str(caught.value)
        assert path.read_text(encoding="utf-8") == damaged

    def test_a_folder_in_its_place_is_named(self, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(LedgerError, match="cannot be read: Is a directory"):
            ledger.load(path)

    def test_one_of_the_future_is_refused(self, path: Path) -> None:
        tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
        run = replace(RUN, date=tomorrow.isoformat())
        ledger.save({"basics/hello": Evidence("a", "b", (run,))}, path)
        with pytest.raises(LedgerError, match="which is yet to come"):
            ledger.load(path)


class TestUpdate:
    """What a run adds to what there is."""

    def test_a_later_run_replaces_the_earlier_one_of_its_place(
        self, path: Path
    ) -> None:
        later = replace(RUN, date=LATER, outcome="failed")
        for runs in ([RUN], [later], [RUN]):
            ledger.update({"basics/hello": Evidence("a", "b", tuple(runs))}, path)
        assert ledger.load(path)["basics/hello"].entries == (later,)

    def test_runs_of_other_places_stay(self, path: Path) -> None:
        places = [
            RUN,
            replace(RUN, python="3.15t"),
            replace(RUN, start_method="spawn"),
            replace(RUN, machine="Darwin arm64, 8 cores"),
        ]
        for run in places:
            ledger.update({"basics/hello": Evidence("a", "b", (run,))}, path)
        assert set(ledger.load(path)["basics/hello"].entries) == set(places)

    @pytest.mark.parametrize("changed", [("A", "b"), ("a", "B")])
    def test_runs_of_an_older_text_go(
        self, path: Path, changed: tuple[str, str]
    ) -> None:
        ledger.update({"basics/hello": Evidence("a", "b", (RUN,))}, path)
        other = replace(RUN, python="3.11")
        ledger.update({"basics/hello": Evidence(*changed, (other,))}, path)
        assert ledger.load(path)["basics/hello"].entries == (other,)

    def test_many_processes_at_once_lose_nothing(self, path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        writers = [
            context.Process(target=write_many, args=(path, number))
            for number in range(4)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert set(ledger.load(path)) == {
            f"{w}/{n}" for w in range(4) for n in range(9)
        }
        assert {file.name for file in path.parent.iterdir()} <= {
            "ledger.json",
            "ledger.json.lock",
        }

    def test_a_full_disk_is_named_and_the_old_one_stays(self, path: Path) -> None:
        ledger.save(HELLO, path)
        with limited_files(100), pytest.raises(LedgerError, match="as it was"):
            ledger.update({"basics/more": HELLO["basics/hello"]}, path)
        assert ledger.load(path) == HELLO
        assert list(path.parent.glob("*.draft")) == []

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "build").touch()
        with pytest.raises(LedgerError, match="cannot be written"):
            ledger.update(HELLO, tmp_path / "build/ledger.json")

    def test_a_writer_that_never_ends_is_not_waited_for(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from filelock import FileLock  # noqa: PLC0415

        monkeypatch.setattr(ledger, "LOCK_LIMIT", 0.05)
        path.parent.mkdir()
        with FileLock(f"{path}.lock"), pytest.raises(LedgerError, match="another"):
            ledger.update(HELLO, path)


def write_many(path: Path, writer: int) -> None:
    """Write nine programs into a ledger, one after the other."""
    for number in range(9):
        ledger.update({f"{writer}/{number}": Evidence("a", "b", (RUN,))}, path)


@contextlib.contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Let no file grow beyond a size in bytes, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class TestMerge:
    """The ledgers of several machines."""

    def test_it_has_the_runs_of_all(self) -> None:
        mac = replace(RUN, machine="Darwin arm64, 8 cores")
        other = {"basics/hello": replace(HELLO["basics/hello"], entries=(mac,))}
        merged = ledger.merge([(Path("a.json"), HELLO), (Path("b.json"), other)])
        assert merged["basics/hello"].entries == (mac, RUN)

    def test_it_refuses_ledgers_of_different_commits(self) -> None:
        other = {"basics/hello": Evidence("c", "d", (RUN,))}
        with pytest.raises(LedgerError, match=r"b\.json: speaks of another version"):
            ledger.merge([(Path("a.json"), HELLO), (Path("b.json"), other)])


class TestComplaint:
    """Why a program is not published."""

    @pytest.fixture
    def program(self, tmp_path: Path) -> Program:
        return copy_of("basics/gil_status", tmp_path)

    def test_what_passed_is_published(self, program: Program) -> None:
        passed = replace(ledger.evidence(program), entries=(RUN,))
        assert ledger.complaint(program, {program.name: passed}) == ""

    def test_what_has_changed_since_is_not(self, program: Program) -> None:
        passed = {program.name: replace(ledger.evidence(program), entries=(RUN,))}
        with program.output.open("a") as file:
            file.write("more\n")
        assert "since it was verified" in ledger.complaint(program, passed)
        passed = {program.name: replace(ledger.evidence(program), entries=(RUN,))}
        with program.path.open("a") as file:
            file.write("# more\n")
        assert "since it was verified" in ledger.complaint(program, passed)

    def test_what_never_ran_or_failed_is_not(self, program: Program) -> None:
        assert ledger.complaint(program, {}) == "was never verified"
        nothing = ledger.evidence(program)
        failed = replace(RUN, outcome="failed", start_method="spawn")
        mixed = {program.name: replace(nothing, entries=(RUN, failed))}
        said = ledger.complaint(program, mixed)
        assert said == "failed on Python 3.15 (spawn), Linux x86_64, 2 cores"

    def test_the_ends_of_lines_do_not_matter(self, program: Program) -> None:
        before = ledger.evidence(program)
        for file in (program.path, program.output):
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        assert ledger.evidence(program) == before


def recordings_of(program: Program) -> dict[str, Recording]:
    """Return the recordings that a copy of a program has."""
    return recordings.load(program.path.parents[1])


class TestRecordings:
    """An output is bound to the program that printed it."""

    @pytest.fixture
    def program(self, tmp_path: Path) -> Program:
        program = copy_of("basics/gil_status", tmp_path)
        recordings.save(program)
        return program

    def test_what_was_recorded_is_sound(self, program: Program) -> None:
        assert recordings.complaint(program, recordings_of(program)) == ""

    def test_an_output_edited_by_hand_is_noticed(self, program: Program) -> None:
        program.output.write_text("edited\n")
        assert "it was edited" in recordings.complaint(program, recordings_of(program))

    def test_a_program_changed_since_is_noticed(self, program: Program) -> None:
        with program.path.open("a") as file:
            file.write("# more\n")
        assert "has changed since" in recordings.complaint(
            program, recordings_of(program)
        )

    def test_one_without_is_noticed(self, tmp_path: Path) -> None:
        program = copy_of("basics/gil_status", tmp_path)
        assert recordings.complaint(program, recordings_of(program)) == (
            "snippets/basics/gil_status.py:1: has no recorded output; "
            "record it: nox -s record -- basics/gil_status"
        )

    def test_a_damaged_file_is_named(self, program: Program) -> None:
        file = program.path.parents[1] / "recordings.json"
        file.write_text(file.read_text()[:-9])
        with pytest.raises(CatalogueError, match=r"recordings\.json: is damaged"):
            recordings_of(program)


class TestVerify:
    """Runs without pytest."""

    def test_each_start_method_is_a_run(self) -> None:
        pool = catalogue.find("processes/pool_sum")
        found = {
            verdict.entry.start_method: verdict.complaint
            for verdict in verify.run_all([pool])
        }
        assert found == dict.fromkeys(multiprocessing.get_all_start_methods(), "")

    def test_the_server_is_there_for_who_needs_it(self) -> None:
        program = catalogue.find("coroutines/fetch_pages")
        (verdict,) = verify.run_all([program])
        assert verdict.complaint == ""

    def test_another_output_is_a_complaint(self, tmp_path: Path) -> None:
        program = copy_of("basics/gil_status", tmp_path)
        program.output.write_text("something else\n")
        verdict = verify.check(program, None, None)
        assert "no longer prints what is recorded" in verdict.complaint
        assert verdict.entry.outcome == "failed"
        program.output.unlink()
        assert "has no output yet" in verify.check(program, None, None).complaint

    def test_only_what_is_stale_and_can_run_is_run(self) -> None:
        program = catalogue.find("basics/gil_status")
        passed = replace(ledger.evidence(program), entries=(RUN,))
        assert verify.stale([program], {}) == [program]
        assert verify.stale([program], {program.name: passed}) == []
        assert verify.stale([replace(program, requires_python=(4, 0))], {}) == []


class TestCommandLine:
    """With a catalogue of one program, and a ledger of its own."""

    @pytest.fixture
    def program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
        program = copy_of("basics/gil_status", tmp_path)
        recordings.save(program)
        monkeypatch.setattr(catalogue, "programs", lambda: {program.name: program})
        return program

    @pytest.fixture
    def command(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
        def run(*words: str) -> int:
            monkeypatch.setattr(sys, "argv", ["snippets", *words, f"--ledger={path}"])
            return main()

        return run

    def test_verifies_what_is_stale_and_nothing_twice(
        self, program: Program, command: Command, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command("verify") == 0
        assert capsys.readouterr().out.startswith("[1/1] basics/gil_status ")
        assert command("verify") == 0
        assert capsys.readouterr().out == ""
        assert command("verify", "--all") == 0
        assert capsys.readouterr().out.startswith("[1/1] basics/gil_status ")

    def test_names_what_fails(
        self, program: Program, command: Command, capsys: pytest.CaptureFixture[str]
    ) -> None:
        program.path.write_text(program.path.read_text().replace("print(", "len(", 1))
        assert command("verify") == 1
        said = capsys.readouterr()
        assert "snippets/basics/gil_status.py" in said.out
        assert "gil_status.py:1: has changed since its output" in said.err

    def test_names_what_this_python_cannot_run(
        self,
        program: Program,
        command: Command,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        new = replace(program, requires_python=(3, 99))
        monkeypatch.setattr(catalogue, "programs", lambda: {new.name: new})
        assert command("verify") == 0
        said = capsys.readouterr().out
        assert said.startswith("not verified here: basics/gil_status needs Python 3.99")

    def test_keeps_what_passed_before_an_interruption(
        self,
        program: Program,
        path: Path,
        command: Command,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        verdict = verify.check(program, None, None)

        def interrupted(_: list[Program]) -> Iterator[verify.Verdict]:
            yield verdict
            raise KeyboardInterrupt

        monkeypatch.setattr(verify, "run_all", interrupted)
        assert command("verify") == 130
        assert "is kept" in capsys.readouterr().err
        assert ledger.load(path) == verdict.news

    def test_merges_the_ledgers_of_several_machines(
        self,
        path: Path,
        tmp_path: Path,
        command: Command,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        for number, python in enumerate(["3.14t", "3.15t"]):
            run = replace(RUN, python=python)
            found = {"basics/hello": replace(HELLO["basics/hello"], entries=(run,))}
            ledger.save(found, tmp_path / f"{number}.json")
        ledger.save(HELLO, path)
        assert command("merge", *(str(tmp_path / f"{n}.json") for n in (0, 1))) == 0
        assert capsys.readouterr().out == "ledger.json: 1 programs, 3 runs\n"
        assert len(ledger.load(path)["basics/hello"].entries) == 3

    def test_names_a_ledger_that_is_not_there(
        self, path: Path, command: Command, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command("merge", "nowhere.json") == 1
        assert "nowhere.json: there is no such file" in capsys.readouterr().err
        assert not path.exists()
