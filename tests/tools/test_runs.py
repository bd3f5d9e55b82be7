"""The runner notices what goes wrong with a program, and says so."""

import asyncio
import atexit
import multiprocessing
import signal
import sys
import threading
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import Comparison
from snippets._tools.runs import observer, output, runner
from tests.helpers.cases import MakeProgram, command


def test_a_sound_program_has_no_complaint(make_program: MakeProgram) -> None:
    result = runner.run(make_program("print('done')"))
    assert (result.stdout, result.complaint()) == ("done\n", "")


def test_a_program_that_hangs_is_killed_with_its_stacks(
    make_program: MakeProgram,
) -> None:
    hangs = make_program(
        """\
        import threading
        def wait_for_ever():
            threading.Event().wait()
        worker = threading.Thread(target=wait_for_ever)
        worker.start()
        worker.join()
        """
    )
    complaint = runner.run(hangs, time_limit=1.0).complaint()
    assert "did not end in time" in complaint
    assert "in wait_for_ever" in complaint
    assert "in main" in complaint


def test_a_program_that_ignores_the_dump_is_killed_all_the_same(
    make_program: MakeProgram,
) -> None:
    stubborn = make_program(
        """\
        import faulthandler, signal, time
        faulthandler.disable()
        signal.signal(signal.SIGABRT, signal.SIG_IGN)
        time.sleep(600)
        """
    )
    assert "did not end" in runner.run(stubborn, time_limit=0.5).complaint()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("raise SystemExit(3)", "ended with exit status 3"),
        ("import sys; print('oops', file=sys.stderr)", "standard error:\noops"),
        ("import warnings; warnings.warn('old')", "UserWarning: old"),
        ("open('new.txt', 'w').close()", "left behind: the file new.txt"),
        ("import tempfile; tempfile.mkdtemp(prefix='x')", "left behind: the file x"),
    ],
)
def test_what_a_program_does_wrong_is_named(
    make_program: MakeProgram, body: str, complaint: str
) -> None:
    assert complaint in runner.run(make_program(body)).complaint()


@pytest.mark.parametrize(
    ("body", "leftover"),
    [
        (
            """\
            import threading
            wait = threading.Event().wait
            threading.Thread(target=wait, name="idle", daemon=True).start()
            """,
            "the thread idle",
        ),
        (
            """\
            import asyncio
            global loop, task
            loop = asyncio.new_event_loop()
            task = loop.create_task(asyncio.sleep(600), name="forgotten")
            loop.run_until_complete(asyncio.sleep(0))
            """,
            "the task forgotten",
        ),
        ("import socket\nglobal open\nopen = socket.socket()", "an open socket"),
    ],
)
def test_what_a_program_leaves_open_is_named(
    make_program: MakeProgram, body: str, leftover: str
) -> None:
    left = runner.run(make_program(body)).leftovers
    assert any(name.startswith(leftover) for name in left)


LOSES_MEMORY = """\
import multiprocessing, os
from multiprocessing import resource_tracker, shared_memory
memory = shared_memory.SharedMemory(create=True, size=8)
resource_tracker.unregister(memory._name, "shared_memory")
memory.close()
lock = multiprocessing.get_context("spawn").Lock()
resource_tracker.unregister(lock._semlock.name, "semaphore")
os._exit(0)
"""


def test_shared_memory_left_behind_is_named(
    make_program: MakeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE_OF_MEMORY", 0.5)
    left = runner.run(make_program(LOSES_MEMORY)).leftovers
    names = [name.removeprefix("the shared memory ") for name in left]
    for name in names:
        (runner.SHARED_MEMORY / name).unlink()
    assert len(names) == 2
    assert sum(name.startswith("sem.") for name in names) == 1


class TestObserver:
    """What is copied into each run does the same here."""

    def test_sees_what_is_open(self) -> None:
        async def look() -> set[str]:
            task = asyncio.create_task(asyncio.sleep(600), name="forgotten")
            found = set(observer.still_open())
            task.cancel()
            return found

        done = threading.Event()
        thread = threading.Thread(target=done.wait, name="idle")
        thread.start()
        found = asyncio.run(look())
        done.set()
        thread.join()
        assert {"the thread idle", "the task forgotten", "an open socket"} <= found

    def test_prepares_and_reports(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        registered: list[object] = []
        monkeypatch.setattr(atexit, "register", registered.append)
        method = multiprocessing.get_start_method()
        monkeypatch.setenv(observer.START_METHOD, method)
        monkeypatch.setenv(observer.LEFTOVERS, str(tmp_path / "report"))
        monkeypatch.setattr(sys, "orig_argv", ["python", "example.py"])
        monkeypatch.setattr(sys, "meta_path", [])
        observer.prepare()
        assert isinstance(sys.meta_path[0], observer.Naming)
        observer.report()
        assert registered == [observer.report]
        assert (tmp_path / "report").exists()

    def test_names_what_is_made_and_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(observer.MEMORY, "s123456")
        process = fresh("multiprocessing.process")
        config = process.current_process()._config  # noqa: SLF001 - no other way
        assert config["semprefix"] == "/s123456"
        memory = fresh("multiprocessing.shared_memory")
        assert memory._make_filename().startswith("/s123456")  # noqa: SLF001 - nor here
        assert observer.Naming().find_spec("multiprocessing.queues", None) is None


def fresh(name: str) -> ModuleType:
    """Return a copy of a module of multiprocessing, as it is for a program."""
    spec = observer.Naming().find_spec(name, multiprocessing.__path__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_server_that_does_not_start_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "SERVER", "snippets._tools.catalogue")  # ends at once
    with pytest.raises(RuntimeError, match="did not start"), runner.local_server():
        pass


def test_an_orphan_is_named_and_killed(make_program: MakeProgram) -> None:
    forgets = make_program(
        """\
        import subprocess, sys, warnings
        warnings.simplefilter("ignore")
        sleep = "import time; time.sleep(600)"
        quiet = subprocess.DEVNULL
        subprocess.Popen([sys.executable, "-c", sleep], stdout=quiet, stderr=quiet)
        """
    )
    assert runner.run(forgets).complaint() == "left behind: a process"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_is_interrupted(
    make_program: MakeProgram, number: signal.Signals
) -> None:
    program = make_program("import time\ntime.sleep(30)")
    end = runner.interrupt(program, number, after=0.3)
    assert end.hit
    assert end.seconds < runner.GRACE
    assert end.leftovers == ()


def test_a_signal_may_come_too_late(make_program: MakeProgram) -> None:
    end = runner.interrupt(make_program("pass"), signal.SIGTERM, after=2.0)
    assert not end.hit


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_start_method_is_set_from_outside(
    make_program: MakeProgram, method: str
) -> None:
    asks = make_program(
        "import multiprocessing\nprint(multiprocessing.get_start_method())"
    )
    assert runner.run(asks, start_method=method).stdout == f"{method}\n"


@pytest.mark.parametrize(
    ("recorded", "printed", "comparison", "same"),
    [
        ("a\nb\n", "a\nb\n", Comparison(), True),
        ("a\nb\n", "b\na\n", Comparison(), False),
        ("a\nb\n", "b\na\n", Comparison(any_order=True), True),
        ("a\na\n", "a\n", Comparison(any_order=True), False),
        ("took 1.0 s\n", "took  9.5 s\n", Comparison(), False),
        ("took 1.0 s\n", "took  9.5 s\n", Comparison(figures_vary=True), True),
        ("took 1.0 s\n", "cost 1.0 s\n", Comparison(figures_vary=True), False),
        ("7 items in 1 s\n", "8 items in 1 s\n", Comparison(figures_vary=True), False),
        ("1.9x, 98 %\n", "2.0x, 9 %\n", Comparison(figures_vary=True), True),
        ("process 12\n", "process 7\n", Comparison(figures_vary=True), True),
        ("process 12\n", "process x\n", Comparison(figures_vary=True), False),
        ("at 0x7f00\n", "at 0x7fff\n", Comparison(figures_vary=True), True),
        ("3 sheep\n", "4 sheep\n", Comparison(figures_vary=True), False),
    ],
)
def test_outputs_are_compared_as_declared(
    recorded: str, printed: str, comparison: Comparison, *, same: bool
) -> None:
    assert (output.difference(recorded, printed, comparison) == "") is same


class TestCommandLine:
    """What an author types."""

    def test_records_what_a_program_prints(
        self, only_program: MakeProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = only_program("print('done')")
        assert command(monkeypatch, "record", program.name) == 0
        assert program.output.read_text() == "done\n"

    def test_does_not_record_what_varies(
        self,
        only_program: MakeProgram,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        program = only_program("import os; print('I am', os.getpid())")
        assert command(monkeypatch, "record", program.name) == 1
        error = capsys.readouterr().err
        assert "+I am" in error
        assert "`Output: figures vary.`" in error
        assert not program.output.exists()

    def test_does_not_record_a_failure(
        self,
        only_program: MakeProgram,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        program = only_program("raise ValueError('no')")
        assert command(monkeypatch, "record") == 1
        assert "ValueError: no" in capsys.readouterr().err
        assert not program.output.exists()

    def test_says_which_python_a_program_needs(
        self,
        only_program: MakeProgram,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        head = '# /// script\n# requires-python = ">=3.99"\n# ///\n'
        program = only_program("pass", "Do it.", head)
        assert command(monkeypatch, "run", program.name) == 1
        assert "case/example needs Python 3.99" in capsys.readouterr().err

    def test_suggests_the_name_that_was_meant(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(monkeypatch, "show", "basics/same_wrok") == 1
        assert "did you mean basics/same_work" in capsys.readouterr().err

    def test_shows_a_program_as_it_is(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(monkeypatch, "show", "basics/gil_status.py") == 0
        source = catalogue.find("basics/gil_status").path.read_text()
        assert capsys.readouterr().out == source

    def test_lists_every_program(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(monkeypatch, "list") == 0
        listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
        assert listed == list(catalogue.programs())

    def test_starts_the_server_for_a_program_that_needs_it(
        self,
        only_program: MakeProgram,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.delenv("HTTPBIN_URL", raising=False)
        program = only_program(
            "import os\nprint(os.environ['HTTPBIN_URL'].rpartition(':')[0])"
        )
        assert command(monkeypatch, "run", program.name) == 0
        assert capfd.readouterr().out == "http://127.0.0.1\n"
        assert command(monkeypatch, "record", program.name) == 0
        assert program.output.read_text() == "http://127.0.0.1\n"

    def test_runs_a_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert command(monkeypatch, "run", "basics/gil_status") == 0
