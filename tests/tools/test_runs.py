"""The runner notices what goes wrong with a program, and says so."""

import asyncio
import atexit
import gc
import multiprocessing
import os
import signal
import sys
import threading
from asyncio import runners
from concurrent import futures
from importlib import metadata
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import pytest

from snippets._tools import catalogue, packages, record
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
        (
            "import tempfile; tempfile.mkdtemp(prefix='x')",
            "left behind: the file ../tmp/x",
        ),
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


AHEAD = "from pathlib import Path; import os; "


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("(Path.home() / 'x').mkdir()", "left behind: the file ../home/x"),
        ("Path('../x').touch()", "left behind: the file ../x"),
        ("print(os.environ['MY_OWN'])", "KeyError: 'MY_OWN'"),
        ("import numpy", "No module named 'numpy'"),
        ("import importlib as i; i.import_module('yarl')", "No module named 'yarl'"),
        ("import importlib as i; i.import_module('filelock')", "named 'filelock'"),
        ("import importlib as i; i.import_module('snippets')", "named 'snippets'"),
        ("import importlib as i; i.import_module('snippets')", "nothing of this proj"),
        ("import pkgutil as p; assert 'numpy' not in {m[1] for m in p.iter_modules()}",
         ""),
        ("ROOT.joinpath('README.md').read_text()", "it read ROOT/README.md; let it"),
        ("os.listdir(ROOT / 'docs')", "it read ROOT/docs; let it"),
        ("os.stat(OUTSIDE)", ""),
        ("(OUTSIDE / 'new').write_text('x')", "it wrote OUTSIDE/new; let it"),
        ("(OUTSIDE / 'new').mkdir()", "it wrote OUTSIDE/new; let it"),
        ("(OUTSIDE / 'old').unlink()", "it wrote OUTSIDE/old; let it"),
        ("(OUTSIDE / 'old').rename('mine'); Path('mine').unlink()", "OUTSIDE/old; let"),
        ("os.mkfifo('pipe'); os.remove('pipe')", ""),
        ("import sqlite3; sqlite3.connect(OUTSIDE / 'db').close()", "OUTSIDE/db; let"),
        ("import sqlite3; sqlite3.connect(':memory:').close()", ""),
        ("import socket; s = socket.socket(1); s.bind(str(OUTSIDE / 's')); s.close()",
         "it wrote OUTSIDE/s; let it"),
        ("import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.close()", ""),
        ("import tempfile; tempfile.TemporaryFile().close()", ""),
        ("open('/dev/null', 'w').close(); os.close(os.openpty()[0])", ""),
        ("import multiprocessing; multiprocessing.Array('i', 100)", ""),
        ("open('/proc/self/comm', 'w').close()", ""),
    ],
)  # fmt: skip
def test_a_program_is_alone(
    make_program: MakeProgram,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    complaint: str,
) -> None:
    monkeypatch.setenv("MY_OWN", "mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "old").touch()
    for name, path in (("ROOT", catalogue.ROOT), ("OUTSIDE", outside)):
        complaint = complaint.replace(name, str(path))
        body = body.replace(name, f"Path({str(path)!r})")
    program = make_program("pass")
    text = program.path.read_text(encoding="utf-8").replace("pass", AHEAD + body)
    program.path.write_text(text, encoding="utf-8")  # which the catalogue has not read
    said = runner.run(program).complaint()
    assert complaint in said
    assert bool(complaint) is bool(said), said


def test_what_is_left_in_the_memory_of_devices_is_named(
    make_program: MakeProgram,
) -> None:
    path = runner.SHARED_MEMORY / f"left-{os.getpid()}"
    said = runner.run(make_program(f"open({str(path)!r}, 'w').close()")).complaint()
    path.unlink()
    assert f"it wrote {path}" in said


def test_what_is_declared_can_be_imported(make_program: MakeProgram) -> None:
    head = '# /// script\n# dependencies = ["aiohttp"]\n# ///\n'
    body = """\
        import aiohttp, importlib.metadata
        print(importlib.metadata.version("aiohttp") == aiohttp.__version__)
        importlib.import_module("yarl")
        importlib.import_module("numpy")
        """
    result = runner.run(make_program(body, "Do it.", head))
    assert result.stdout == "True\n"
    assert "No module named 'numpy'" in result.stderr


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_that_prints_too_much_is_stopped(
    make_program: MakeProgram, stream: str
) -> None:
    endless = make_program(
        f"import sys\nwhile True: print('x' * 999, file=sys.{stream})"
    )
    result = runner.run(endless)
    assert "printed more than 65,536 characters" in result.complaint()
    assert len(getattr(result, stream)) == runner.MOST_PRINTED + 1
    assert not result.timed_out


def test_what_is_printed_may_be_no_text(make_program: MakeProgram) -> None:
    body = "import sys\nsys.stdout.buffer.write(bytes([255]))"
    assert runner.run(make_program(body)).stdout == "\\xff"


@pytest.mark.parametrize(
    ("body", "leftover"),
    [
        (
            """\
            from concurrent.futures import ThreadPoolExecutor
            ThreadPoolExecutor().submit(int).result()
            """,
            "a ThreadPoolExecutor that was never shut down: use it in a with block",
        ),
        (
            """\
            from concurrent.futures import ProcessPoolExecutor
            global pool
            pool = ProcessPoolExecutor(1)
            pool.submit(int).result()
            """,
            "a ProcessPoolExecutor that was never shut down: use it in a with block",
        ),
        (
            """\
            import multiprocessing
            global pool
            pool = multiprocessing.Pool(1)
            pool.apply(int)
            """,
            "a Pool that was never shut down: use it in a with block",
        ),
        (
            """\
            import threading, time
            threading.Thread(target=time.sleep, args=[0.3], name="late").start()
            """,
            "the thread late, which main() did not join",
        ),
        (
            """\
            import asyncio
            async def run():
                global task
                task = asyncio.create_task(asyncio.sleep(600), name="left")
                await asyncio.sleep(0)
            asyncio.run(run())
            """,
            "the task left, which asyncio.run() had to cancel",
        ),
    ],
)
def test_what_is_ended_behind_the_authors_back_is_named(
    make_program: MakeProgram, body: str, leftover: str
) -> None:
    assert leftover in runner.run(make_program(body)).leftovers


@pytest.mark.parametrize(
    "body",
    [
        """\
        from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
        import multiprocessing
        with ThreadPoolExecutor() as pool: pool.submit(int)
        with ProcessPoolExecutor(1) as pool: pool.submit(int)
        with multiprocessing.Pool(1) as pool: pool.apply(int)
        try: ThreadPoolExecutor(0)
        except ValueError: pass
        """,
        """\
        import asyncio
        async def run():
            task = asyncio.create_task(asyncio.sleep(600))
            await asyncio.to_thread(int)
            task.cancel()
        asyncio.run(run())
        """,
        """\
        import asyncio
        async def run():
            task = asyncio.create_task(asyncio.sleep(600))
            raise KeyError(task)
        try: asyncio.run(run())
        except KeyError: pass
        """,
    ],
)
def test_what_is_ended_in_time_or_by_an_error_is_no_complaint(
    make_program: MakeProgram, body: str
) -> None:
    assert runner.run(make_program(body)).complaint() == ""


def test_what_the_system_does_not_tell_is_not_called_clean(
    make_program: MakeProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = make_program("pass")
    assert runner.run(program).unchecked == ()
    monkeypatch.setattr(runner, "SHARED_MEMORY", tmp_path / "none")
    assert runner.run(program).unchecked == ("shared memory",)
    monkeypatch.setattr(observer, "DESCRIPTORS", tmp_path / "none")
    assert runner.run(program).unchecked == ("open sockets", "shared memory")


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

    @pytest.fixture
    def run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Let this process be a run, and return the folder of it."""
        folder = tmp_path / "run"
        folder.mkdir()
        for name, value in {
            observer.DECLARED: "yarl",
            observer.FOLDER: str(folder),
            observer.LEADER: str(os.getpid()),
            observer.LEFTOVERS: str(folder / "leftovers"),
            observer.MEMORY: "s123456",
            observer.PROJECT: str(catalogue.ROOT),
            observer.REACHED: str(folder / "reached"),
            observer.START_METHOD: multiprocessing.get_start_method(),
            observer.TRACE: str(folder),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
        monkeypatch.setattr(sys, "path", [*sys.path])
        monkeypatch.setattr(observer, "noticed", [])
        return folder

    def test_prepares_and_reports(
        self, run: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        registered: list[object] = []
        hooks: list[object] = []
        traced: list[object] = []
        monkeypatch.setattr(atexit, "register", registered.append)
        monkeypatch.setattr(sys, "addaudithook", hooks.append)
        monkeypatch.setattr(observer, "CHANGED", {"threading": traced.append})
        beside = ModuleType(observer.WATCHER)
        beside.prepare = traced.append  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, observer.WATCHER, beside)
        observer.prepare()
        importing = sys.meta_path[0]
        assert isinstance(importing, observer.Importing)
        assert traced == [threading, importing.when_imported]
        assert len(hooks) == 1
        assert registered == [observer.report]
        observer.report()
        assert (run / "leftovers").exists()
        (run / "leftovers").unlink()
        monkeypatch.setenv(observer.LEADER, "1")
        observer.report()
        assert not (run / "leftovers").exists()

    def test_finds_what_is_declared(self, run: Path) -> None:
        importing = observer.Importing()
        assert importing.find_spec("yarl", None)
        assert importing.find_spec("numpy", None) is None
        assert PathFinder.find_spec("numpy", None) is None
        assert PathFinder.find_spec("queue", None)
        context = metadata.DistributionFinder.Context(name="yarl")
        (found,) = importing.find_distributions(context)
        assert found.name == "yarl"

    def test_names_what_is_made_and_nothing_else(self, run: Path) -> None:
        process = fresh("multiprocessing.process")
        config = process.current_process()._config  # noqa: SLF001 - no other way
        assert config["semprefix"] == "/s123456"
        memory = fresh("multiprocessing.shared_memory")
        assert memory._make_filename().startswith("/s123456")  # noqa: SLF001 - nor here

    def test_tells_of_files_once(self, run: Path, tmp_path: Path) -> None:
        look = observer.Files().look
        new, sock = str(tmp_path / "new"), str(tmp_path / "socket")
        own = str(catalogue.ROOT / "README.md")
        for event in (
            ("open", (new, "w", os.O_WRONLY)),
            ("open", (new.encode(), "w", os.O_WRONLY)),
            ("open", (new, "r", os.O_RDONLY)),
            ("open", (own, "r", os.O_RDONLY)),
            ("open", (3, "w", os.O_WRONLY)),
            ("open", (f"{tmp_path}/__pycache__/x.pyc", "w", os.O_WRONLY)),
            ("open", (sys.executable, "r", os.O_RDONLY)),
            ("os.listdir", (str(catalogue.ROOT),)),
            ("os.listdir", (str(tmp_path),)),
            ("os.rename", (str(run / "x"), f"{run}/y", -1, -1)),
            ("socket.bind", (None, sock)),
            ("socket.bind", (None, "\0abstract")),
            ("socket.bind", (None, ("127.0.0.1", 0))),
            ("import", ("queue",)),
        ):
            look(*event)
        assert (run / "reached").read_text().splitlines() == [
            f"wrote {new}",
            f"read {own}",
            f"read {catalogue.ROOT}",
            f"wrote {sock}",
        ]

    def test_is_silent_when_the_interpreter_ends(
        self, run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(sys, "is_finalizing", lambda: True)
        observer.Files().look("open", (str(tmp_path / "new"), "w", os.O_WRONLY))
        assert not (run / "reached").exists()

    def test_sees_threads_and_pools_at_the_end(self, run: Path) -> None:
        module = fresh("threading")
        ended: list[object] = []
        module._shutdown = lambda: ended.append(module)  # type: ignore[attr-defined]  # noqa: SLF001 - as Python does
        observer.watch_end(module)
        done = module.Event()
        thread = module.Thread(target=done.wait, name="late")
        thread.start()
        pool = futures.ThreadPoolExecutor()
        module._shutdown()  # noqa: SLF001 - as Python does
        done.set()
        thread.join()
        pool.shutdown()
        assert ended == [module]
        assert "the thread late, which main() did not join" in observer.noticed
        said = "a ThreadPoolExecutor that was never shut down: use it in a with block"
        assert said in observer.noticed

    def test_sees_a_pool_that_is_thrown_away(self, run: Path) -> None:
        module = fresh("concurrent.futures.thread")
        observer.watch_pool(module)
        module.ThreadPoolExecutor()
        with module.ThreadPoolExecutor():
            pass
        gc.collect()
        said = "a ThreadPoolExecutor that was never shut down: use it in a with block"
        assert observer.noticed == [said]

    def test_sees_tasks_that_are_cancelled(
        self, run: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cancel = runners._cancel_all_tasks  # type: ignore[attr-defined]  # noqa: SLF001 - that is what is changed
        monkeypatch.setattr(runners, "_cancel_all_tasks", cancel)
        observer.watch_runners(runners)
        kept = []

        async def leave(*, fail: bool) -> None:
            kept.append(asyncio.create_task(asyncio.sleep(600), name="left"))
            await asyncio.sleep(0)
            if fail:
                raise KeyError

        with pytest.raises(KeyError):
            asyncio.run(leave(fail=True))
        assert observer.noticed == []
        asyncio.run(leave(fail=False))
        assert observer.noticed == ["the task left, which asyncio.run() had to cancel"]


def fresh(name: str) -> ModuleType:
    """Return a copy of a module, as it is for a program."""
    importing = observer.Importing()
    for changed, change in observer.CHANGED.items():
        if changed.startswith("multiprocessing"):
            importing._changes[changed].append(change)  # noqa: SLF001 - as if it were new
    parent = sys.modules.get(name.rpartition(".")[0])
    spec = importing.find_spec(name, getattr(parent, "__path__", None))
    spec = spec or PathFinder.find_spec(name, getattr(parent, "__path__", None))
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


def test_a_program_that_hangs_is_killed_with_those_that_have_left_it(
    make_program: MakeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.5)
    leaves = make_program(
        """\
        import subprocess, sys, warnings
        warnings.simplefilter("ignore")
        sleep = "import time; time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", sleep], start_new_session=True)
        """
    )
    assert "did not end in time" in runner.run(leaves, time_limit=1.0).complaint()


def test_a_daemon_is_named_and_killed(make_program: MakeProgram) -> None:
    forgets = make_program(
        """\
        import subprocess, sys, warnings
        warnings.simplefilter("ignore")
        sleep = "import time; time.sleep(600)"
        quiet = subprocess.DEVNULL
        subprocess.Popen([sys.executable, "-c", sleep], stdout=quiet, stderr=quiet,
            start_new_session=True)
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

    @pytest.mark.parametrize(
        ("body", "runs"),
        [
            ("print(1)", record.RUNS),
            ("import random", record.RUNS_OF_CHANCE),
            ("from os import urandom", record.RUNS_OF_CHANCE),
            ("import secrets", record.RUNS_OF_CHANCE),
        ],
    )
    def test_what_chance_decides_is_recorded_after_many_runs(
        self,
        only_program: MakeProgram,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        body: str,
        runs: int,
    ) -> None:
        program = only_program(body)
        printed = iter([*["often"] * (runs - 1), "seldom"])

        def run(*_: object, **__: object) -> runner.Run:
            return runner.Run(next(printed), "", 0, 0.1, timed_out=False, leftovers=())

        monkeypatch.setattr(runner, "run", run)
        assert command(monkeypatch, "record", program.name) == 1
        assert "+seldom" in capsys.readouterr().err

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


def test_a_package_that_is_not_installed_counts_by_its_own_name() -> None:
    assert packages.to_import(["no-such"]) == {"no_such"}
    assert packages.with_what_they_need(("no-such",)) == {"no-such"}
    assert packages.to_install("no_such") == "no_such"


def test_extras_are_no_part_of_a_package() -> None:
    assert {"yarl", "multidict"} <= packages.with_what_they_need(("aiohttp",))
    assert "brotli" not in packages.with_what_they_need(("aiohttp",))
