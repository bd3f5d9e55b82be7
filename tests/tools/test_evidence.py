"""Evidence is read wholly or not at all, bound to its text, and nothing gets lost."""

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
from snippets._tools.catalogue import Program
from snippets._tools.evidence import files, ledger, recordings
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.evidence.ledger import Run
from snippets._tools.evidence.problems import problems
from snippets._tools.runs import observer, verify

RUN = Run(
    source="a" * 64,
    python="3.15.0",
    machine="Linux x86_64, 2 cores",
    date="2026-11-23T12:00:00+00:00",
    program="basics/hello",
    output="b" * 64,
    start_method="",
    outcome="passed",
    seconds=0.12,
    unchecked=("open sockets",),
)
CURE = "make it anew"
Command = Callable[..., int]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build/ledger"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return a program that may be changed, with its output and its recording."""
    original = catalogue.find("basics/gil_status")
    copy = tmp_path / "snippets" / original.path.relative_to(catalogue.SNIPPETS)
    copy.parent.mkdir(parents=True)
    for file in (original.path, original.output):
        shutil.copy(file, copy.parent)
    found = replace(original, path=copy)
    recordings.save(found)
    return found


@contextlib.contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Let no file grow beyond a size in bytes, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class TestFiles:
    """A file of evidence, whole and damaged."""

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        files.write(tmp_path / "a/b.json", "thing", {"one": 1, "two": [(1, "x")]})
        found = files.read(tmp_path / "a/b.json", "thing", CURE)
        assert found == {"one": 1, "two": [[1, "x"]]}

    def test_none_is_nothing(self, tmp_path: Path) -> None:
        assert files.read(tmp_path / "b.json", "thing", CURE) is None

    @pytest.mark.parametrize(
        ("damage", "said"),
        [
            (lambda text: text[: len(text) // 2], "is cut short or no JSON"),
            (lambda text: text[:0], "is cut short or no JSON"),
            (lambda text: f"[{text}]", "is no thing"),
            (lambda text: text.replace("thing", "think"), "is no thing"),
            (lambda text: text.replace("12345", "12346"), "was edited"),
            (lambda text: text.replace('"format": 2', '"format": 3'), "has format 3"),
            (lambda text: text.replace('"format": 2,', ""), "has format None"),
        ],
        ids=["half", "empty", "list", "foreign", "edited", "future", "no format"],
    )
    def test_a_damaged_one_is_refused_and_kept(
        self, tmp_path: Path, damage: Callable[[str], str], said: str
    ) -> None:
        path = tmp_path / "b.json"
        files.write(path, "thing", {"value": 12345})
        damaged = damage(path.read_text(encoding="utf-8"))
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(EvidenceError, match=said) as caught:
            files.read(path, "thing", CURE)
        assert str(path) in str(caught.value)
        assert CURE in str(caught.value)
        assert path.read_text(encoding="utf-8") == damaged

    def test_no_text_and_a_folder_in_its_place_are_named(self, tmp_path: Path) -> None:
        (tmp_path / "b.json").write_bytes(b"\xff\xfe")
        with pytest.raises(EvidenceError, match="is cut short or no JSON"):
            files.read(tmp_path / "b.json", "thing", CURE)
        with pytest.raises(EvidenceError, match="cannot be read: Is a directory"):
            files.read(tmp_path, "thing", CURE)

    def test_a_full_disk_is_named_and_the_old_one_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "b.json"
        files.write(path, "thing", {"value": 1})
        with limited_files(100), pytest.raises(EvidenceError, match="as it was"):
            files.write(path, "thing", {"value": "x" * 200})
        assert files.read(path, "thing", CURE) == {"value": 1}
        assert list(tmp_path.iterdir()) == [path]

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "build").touch()
        with pytest.raises(EvidenceError, match="cannot be written"):
            files.write(tmp_path / "build/b.json", "thing", {})


class TestLedger:
    """What a run adds to what there is."""

    def test_what_is_written_is_read(self, path: Path) -> None:
        ledger.save(RUN, path)
        assert ledger.load(path) == {"basics/hello": [RUN]}

    def test_none_is_empty(self, path: Path) -> None:
        assert ledger.load(path) == {}

    def test_a_later_run_replaces_the_earlier_one_of_its_place(
        self, path: Path
    ) -> None:
        later = replace(RUN, python="3.15.1", source="c" * 64, outcome="failed")
        for run in (RUN, later):
            ledger.save(run, path)
        assert ledger.load(path) == {"basics/hello": [later]}

    def test_runs_of_other_places_stay(self, path: Path) -> None:
        places = [
            RUN,
            replace(RUN, python="3.15.0t"),
            replace(RUN, start_method="spawn"),
            replace(RUN, machine="Darwin arm64, 8 cores"),
        ]
        for run in places:
            ledger.save(run, path)
        assert sorted(ledger.load(path)["basics/hello"]) == sorted(places)

    def test_the_ledger_of_another_machine_is_added_by_copying(
        self, path: Path, tmp_path: Path
    ) -> None:
        mac = replace(RUN, machine="Darwin arm64, 8 cores")
        ledger.save(RUN, path)
        ledger.save(mac, tmp_path / "other")
        shutil.copytree(tmp_path / "other", path, dirs_exist_ok=True)
        assert sorted(ledger.load(path)["basics/hello"]) == [mac, RUN]

    def test_one_of_the_future_is_refused(self, path: Path) -> None:
        tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
        ledger.save(replace(RUN, date=tomorrow.isoformat()), path)
        with pytest.raises(EvidenceError, match="which is yet to come"):
            ledger.load(path)

    def test_one_of_another_shape_is_refused(self, path: Path) -> None:
        files.write(path / "basics/hello/x.json", "run", {"program": "basics/hello"})
        with pytest.raises(EvidenceError, match=r"x\.json: is no run .* verify anew"):
            ledger.load(path)

    def test_one_in_the_place_of_another_is_refused(self, path: Path) -> None:
        ledger.save(RUN, path)
        (path / "basics/world").mkdir()
        shutil.copy(path / RUN.file, path / "basics/world" / RUN.file.name)
        with pytest.raises(EvidenceError, match="is a run of basics/hello elsewhere"):
            ledger.load(path)

    def test_one_that_is_taken_away_meanwhile_is_none(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.save(RUN, path)
        monkeypatch.setattr(ledger.Run, "load", lambda *_: None)
        assert ledger.load(path) == {}

    def test_only_what_went_well_has_passed(self) -> None:
        program = catalogue.find("basics/gil_status")
        good = ledger.ran(program, None, passed=True, seconds=0.1)
        runs = [good, replace(good, outcome="failed"), replace(good, source="c" * 64)]
        assert ledger.passed(program, {program.name: runs}) == [good]

    def test_it_is_published_by_program_with_the_day_of_each_run(self) -> None:
        published = ledger.to_json({"b/b": [RUN], "a/a": []})
        assert list(published) == ["a/a", "b/b"]
        (run,) = published["b/b"]
        assert ledger.Run(**run) == RUN
        assert run["date"].startswith(RUN.day)

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
        expected = {f"same/{n}" for n in range(9)}
        assert set(ledger.load(path)) == expected
        assert len([file for file in path.rglob("*") if file.is_file()]) == 9


def write_many(path: Path, writer: int) -> None:
    """Write nine runs into a ledger, in the places where others do so, too."""
    for number in range(9):
        ledger.save(replace(RUN, program=f"same/{number}", seconds=writer), path)


class TestProblems:
    """Why a program may not be shown; commands, builds and tests say the same."""

    def run(self, program: Program, outcome: str = "passed", method: str = "") -> Run:
        """Return a run of a program as it stands."""
        found = ledger.ran(program, method, passed=outcome == "passed", seconds=0.1)
        return replace(found, python="3.15.0", machine="Linux x86_64, 2 cores")

    def test_what_was_recorded_and_passed_may(self, program: Program) -> None:
        assert problems(program, {program.name: [self.run(program)]}) == []

    def test_what_never_ran_or_failed_may_not(self, program: Program) -> None:
        where = "snippets/basics/gil_status.py:1: "
        (said,) = problems(program, {})
        assert said == f"{where}was never verified; verify it: nox -s tests"
        mixed = [self.run(program), self.run(program, "failed", "spawn")]
        (said,) = problems(program, {program.name: mixed})
        why = "failed on Python 3.15 (spawn), Linux x86_64, 2 cores"
        assert said == f"{where}{why}; verify it: nox -s tests"

    def test_what_has_changed_since_it_ran_may_not(self, program: Program) -> None:
        runs = {program.name: [self.run(program)]}
        with program.path.open("a") as file:
            file.write("# more\n")
        recordings.save(program)
        (said,) = problems(program, runs)
        assert "has changed, or its output has, since it was verified" in said

    def test_what_cannot_run_here_may_but_not_where_all_must(
        self, program: Program
    ) -> None:
        new = replace(program, requires_python=(3, 99))
        assert problems(new, {}) == []
        assert "was never verified" in problems(new, {}, complete=True)[0]
        failed = {new.name: [self.run(new, "failed")]}
        assert "failed on Python 3.15" in problems(new, failed)[0]

    def test_an_output_edited_by_hand_may_not(self, program: Program) -> None:
        program.output.write_text("edited\n")
        (said,) = problems(program, {})
        assert "did not print gil_status.out as it stands, it was edited" in said

    def test_a_program_changed_since_it_was_recorded_may_not(
        self, program: Program
    ) -> None:
        with program.path.open("a") as file:
            file.write("# more\n")
        (said,) = problems(program, {})
        assert "has changed since its output was recorded" in said

    def test_one_without_a_recording_may_not(self, program: Program) -> None:
        recordings.path_of(program).unlink()
        (said,) = problems(program, {})
        assert said.startswith("snippets/basics/gil_status.py:1: has no recorded out")
        assert said.endswith("record it: nox -s record -- basics/gil_status")

    def test_a_damaged_recording_may_not(self, program: Program) -> None:
        path = recordings.path_of(program)
        path.write_text(path.read_text()[:-9])
        (said,) = problems(program, {})
        assert "gil_status.record.json: is cut short or no JSON" in said

    def test_one_without_its_timeline_may_not(self, program: Program) -> None:
        (said,) = problems(replace(program, concurrent=True), {})
        assert "has no timeline yet; record it: nox -s record" in said

    def test_the_ends_of_lines_do_not_matter(self, program: Program) -> None:
        run = self.run(program)
        for file in (program.path, program.output):
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        assert problems(program, {program.name: [run]}) == []


def test_a_command_says_what_the_build_says(
    program: Program,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program.output.write_text("edited\n")
    monkeypatch.setattr(catalogue, "programs", lambda: {program.name: program})
    monkeypatch.setattr(sys, "argv", ["snippets", "verify", f"--ledger={path}"])
    assert main() == 1
    (said,) = problems(program, ledger.load(path))
    assert f"error: {said}\n" in capsys.readouterr().err


class TestVerify:
    """Runs without pytest."""

    def test_each_start_method_is_a_run(self) -> None:
        pool = catalogue.find("processes/pool_sum")
        found = {
            verdict.run.start_method: verdict.complaint
            for verdict in verify.run_all([pool])
        }
        assert found == dict.fromkeys(multiprocessing.get_all_start_methods(), "")

    def test_the_server_is_there_for_who_needs_it(self) -> None:
        program = catalogue.find("coroutines/fetch_pages")
        (verdict,) = verify.run_all([program])
        assert verdict.complaint == ""

    def test_another_output_is_a_complaint(self, program: Program) -> None:
        program.output.write_text("something else\n")
        verdict = verify.check(program, None, None)
        assert "no longer prints what is recorded" in verdict.complaint
        assert not verdict.run.passed
        program.output.unlink()
        assert "has no output yet" in verify.check(program, None, None).complaint

    def test_what_the_machine_cannot_tell_is_written_down(
        self, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert verify.check(program, None, None).run.unchecked == ()
        monkeypatch.setattr(observer, "DESCRIPTORS", Path("/nowhere"))
        assert verify.check(program, None, None).run.unchecked == ("open sockets",)

    def test_only_what_is_stale_and_can_run_is_run(self) -> None:
        program = catalogue.find("basics/gil_status")
        run = ledger.ran(program, None, passed=True, seconds=0.1)
        assert verify.stale([program], {}) == [program]
        assert verify.stale([program], {program.name: [run]}) == []
        assert verify.stale([replace(program, requires_python=(4, 0))], {}) == []


class TestCommandLine:
    """With a catalogue of one program, and a ledger of its own."""

    @pytest.fixture(autouse=True)
    def _only(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(catalogue, "programs", lambda: {program.name: program})

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
        assert ledger.load(path) == {program.name: [verdict.run]}
