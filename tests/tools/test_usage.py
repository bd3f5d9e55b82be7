"""The CPU time of a script and all its processes, and how it is ended."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import psutil
import pytest

from snippets._tools import usage
from snippets._tools.classify import ClassifyError, Measured
from snippets._tools.runs import processes

Write = Callable[[str], Path]
TICK = 0.05  # seconds; the accounts of the kernel count by hundredths, for each process
BURN = """\
import time
def burn(seconds=0.3):
    while time.process_time() < seconds:
        pass
"""
# It does what a terminal or kill asks for only when it is killed.
STUBBORN = """\
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print(flush=True)
time.sleep(100)
"""

ENDED = {-signal.SIGTERM, -signal.SIGKILL}  # the latter on a machine that is busy


@pytest.fixture
def script(tmp_path: Path) -> Write:
    """Return a function that writes a script, which can burn CPU time."""

    def write(body: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(BURN + textwrap.dedent(body), encoding="utf-8")
        return path

    return write


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the mark that runs get."""
    mark = processes.new_mark()
    monkeypatch.setattr(processes, "new_mark", lambda: mark)
    return mark


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "GRACE", 0.2)
    monkeypatch.setattr(usage, "LAST_GRACE", 0.2)


def measure(path: Path, time_limit: float = 60) -> Measured:
    """Run a script for so many seconds at most."""
    return usage.measure([sys.executable, str(path)], time_limit)


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes of a run, but for those of any group."""
    return list(processes.members(-1, mark))


class TestWhatCounts:
    """Every process counts, and none of them twice."""

    def test_a_script_that_waits(self, script: Write) -> None:
        run = measure(script("time.sleep(0.7)"))
        assert run.elapsed >= 0.69
        assert run.cpu < 0.5
        assert (run.status, run.ended, run.left_behind) == (0, "", ())

    def test_a_script_that_computes(self, script: Write) -> None:
        run = measure(script("burn()"))
        assert 0.3 - TICK <= run.cpu < 0.6
        assert run.elapsed >= 0.3 - TICK

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_workers(self, script: Write, method: str) -> None:
        """A forkserver's workers are no children of the script, nor is its own time."""
        run = measure(
            script(f"""
                import multiprocessing
                if __name__ == "__main__":
                    context = multiprocessing.get_context({method!r})
                    workers = [context.Process(target=burn, args=(0.6,))
                               for _ in range(2)]
                    for worker in workers:
                        worker.start()
                    for worker in workers:
                        worker.join()
                    time.sleep(0.3)
            """)
        )
        assert 1.2 - TICK <= run.cpu < 2.2
        assert run.left_behind == ()

    def test_child_processes_that_the_script_waits_for(self, script: Write) -> None:
        burn = f"{BURN}\nburn()"
        run = measure(
            script(f"""
                import subprocess, sys
                for _ in range(2):
                    subprocess.run([sys.executable, "-c", {burn!r}])
            """)
        )
        assert 0.6 - TICK <= run.cpu < 1.0

    def test_they_count_once_where_running_processes_do_not_tell_of_children(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on macOS: what seems lost is found when the script has ended."""
        original = psutil.Process.cpu_times

        def of_its_own(process: psutil.Process) -> object:
            times = original(process)
            return SimpleNamespace(user=times.user, system=times.system)

        monkeypatch.setattr(psutil.Process, "cpu_times", of_its_own)
        self.test_child_processes_that_the_script_waits_for(script)

    def test_children_that_nobody_waits_for(self, script: Write) -> None:
        burn = f"{BURN}\nburn(0.6)"
        run = measure(
            script(f"""
                import signal, subprocess, sys
                signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # they do not stay
                child = subprocess.Popen([sys.executable, "-c", {burn!r}])
                child.wait()
            """)
        )
        assert 0.4 <= run.cpu < 1.0

    @pytest.mark.parametrize("ended", ["", "Ctrl-C"])
    def test_children_too_short_to_be_seen(self, script: Write, ended: str) -> None:
        """They are in the account of the script, also while it still runs."""
        end = f"os.kill({os.getpid()}, {signal.SIGINT:d}); time.sleep(100)"
        run = measure(
            script(f"""
                import os
                for _ in range(100):
                    child = os.fork()
                    if not child:
                        burn(0.005)
                        os._exit(0)
                    os.waitpid(child, 0)
                {end if ended else ""}
            """)
        )
        assert run.ended == ended
        assert 0.5 - TICK <= run.cpu < 1.0

    def test_a_script_that_takes_less_than_the_kernel_counts(self) -> None:
        run = usage.measure(["true"], 60)
        assert run.elapsed > 0
        assert 0 <= run.cpu < TICK

    def test_one_that_ends_while_it_is_looked_at(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The others are looked at again."""
        gone = _once(psutil.NoSuchProcess(0), usage._look_at)  # noqa: SLF001 - the system
        monkeypatch.setattr(usage, "_look_at", gone)
        assert 0.3 - TICK <= measure(script("burn()")).cpu < 0.6

    @pytest.mark.parametrize("error", [psutil.ZombieProcess(0), psutil.AccessDenied()])
    def test_what_a_process_does_not_tell_is_as_before(
        self, error: Exception, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(psutil.Process, "cpu_times", mock.Mock(side_effect=error))
        assert 0.3 - TICK <= measure(script("burn()")).cpu < 0.6


def _once(error: Exception, then: Callable[..., object]) -> Callable[..., object]:
    errors = iter([error])

    def answer(*arguments: object) -> object:
        for raised in errors:
            raise raised
        return then(*arguments)

    return answer


class TestDelay:
    """For how long there was no core."""

    @pytest.mark.skipif(not usage.SCHEDSTAT.exists(), reason="only Linux tells")
    def test_two_processes_on_one_core_wait_for_each_other(self, script: Write) -> None:
        body = """
            import os
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            child = os.fork()
            burn(0.4)
            if child:
                os.waitpid(child, 0)
        """
        run = measure(script(body))
        assert run.delay >= 0.3

    @pytest.mark.parametrize(("busy", "delay"), [(10.0, 9.0), (8.9, 0.0)])
    def test_elsewhere_it_is_what_others_took_of_a_full_machine(
        self, busy: float, delay: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage, "SCHEDSTAT", Path("nowhere"))
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        clock = mock.Mock(side_effect=[100.0, 100.0 + busy])
        monkeypatch.setattr(usage, "_busy_time_of_the_machine", clock)
        account = usage.Account(os.getpid(), "no mark")
        monkeypatch.setattr(account, "cpu", lambda: 1.0)
        assert account.delay(5.0) == delay


class TestQuiet:
    """A script that hangs does nothing; one that waits does, or has a connection."""

    def test_a_deadlock(self, script: Write) -> None:
        run = measure(
            script("""
                import threading
                lock = threading.Lock()
                lock.acquire()
                lock.acquire()
            """),
            3,
        )
        assert run.quiet >= 1

    def test_a_loop_that_wakes_up_is_not_quiet(self, script: Write) -> None:
        """It takes too little CPU time for the account of the kernel."""
        run = measure(script("while True: time.sleep(0.05)"), 3)
        assert run.quiet < 1

    def test_files_are_activity_where_threads_do_not_tell(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage, "_look_at_threads", lambda _: [])
        path = script("while True: time.sleep(0.05); print(flush=True)")
        assert measure(path, 3).quiet < 1

    def test_neither_files_nor_threads(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage, "_look_at_threads", lambda _: [])
        monkeypatch.delattr(psutil.Process, "io_counters")
        assert measure(script("time.sleep(100)"), 3).quiet >= 1

    def test_a_server_without_a_client(self, script: Write) -> None:
        run = measure(
            script("""
                import socket
                with socket.create_server(("127.0.0.1", 0)) as server:
                    server.accept()
            """),
            3,
        )
        assert run.quiet == 0

    @pytest.mark.parametrize(
        ("error", "quiet"),
        [(psutil.AccessDenied(), False), (psutil.NoSuchProcess(0), True)],
    )
    def test_a_process_that_does_not_tell_its_connections_may_have_one(
        self,
        script: Write,
        monkeypatch: pytest.MonkeyPatch,
        *,
        error: Exception,
        quiet: bool,
    ) -> None:
        refuse = mock.Mock(side_effect=error)
        monkeypatch.setattr(psutil.Process, "net_connections", refuse)
        run = measure(script("time.sleep(100)"), 2)
        assert (run.quiet > 0) == quiet


class TestEnd:
    """What still runs at the limit is ended, and nothing of it is left."""

    def test_it_can_clean_up(self, script: Write, tmp_path: Path) -> None:
        cleaned = tmp_path / "cleaned"
        path = script(f"""
            try:
                time.sleep(100)
            finally:
                time.sleep(0.5)
                open({str(cleaned)!r}, "w").close()
        """)
        run = measure(path, 2)
        assert run.ended == "the limit of 2 s"
        assert 2 <= run.elapsed < 30
        assert run.status == -signal.SIGINT
        assert cleaned.exists()

    def test_what_it_has_started_counts_and_is_ended(
        self, script: Write, mark: str
    ) -> None:
        burn = f"{BURN}\nburn()\nprint(flush=True)\ntime.sleep(100)"
        path = script(f"""
            import subprocess, sys
            child = subprocess.Popen([sys.executable, "-c", {burn!r}], stdout=-1)
            child.stdout.read(1)
            time.sleep(100)
        """)
        assert measure(path, 5).cpu >= 0.3 - TICK
        assert marked(mark) == []

    def test_what_does_not_want_to_end_is_killed(
        self, script: Write, mark: str, impatient: None
    ) -> None:
        """A child in a session of its own, too."""
        path = script(f"""
            import subprocess, sys
            command = [sys.executable, "-c", {STUBBORN!r}]
            subprocess.Popen(command, stdout=-1, start_new_session=True).stdout.read(1)
            exec({STUBBORN!r})
        """)
        assert measure(path, 3).status == -signal.SIGKILL
        assert marked(mark) == []

    def test_a_second_signal_does_not_wait(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage, "GRACE", 1000)
        path = script(f"""
            import os, signal
            def again(*_):
                os.kill({os.getpid()}, signal.SIGINT)
                time.sleep(100)
            signal.signal(signal.SIGINT, again)
            os.kill({os.getpid()}, signal.SIGINT)
            time.sleep(100)
        """)
        run = measure(path)
        assert run.ended == "Ctrl-C"
        assert run.status in ENDED

    @pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
    def test_whoever_ends_us_ends_it(
        self, script: Write, mark: str, number: str
    ) -> None:
        path = script(f"""
            import os, signal
            os.kill({os.getpid()}, signal.{number})
            time.sleep(100)
        """)
        assert measure(path).ended == "a signal"
        assert marked(mark) == []

    def test_a_signal_that_we_ignore_does_not(self, script: Write) -> None:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            path = script(f"import os; os.kill({os.getpid()}, {signal.SIGHUP:d})")
            assert measure(path).ended == ""
        finally:
            signal.signal(signal.SIGHUP, before)

    def test_without_signals_it_is_ended_at_once(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on Windows, where the end is not SIGTERM, though."""
        monkeypatch.setattr(usage, "POSIX", False)
        monkeypatch.delattr(os, "killpg")
        monkeypatch.delattr(signal, "SIGHUP")
        run = measure(script("time.sleep(100)"), 1)
        assert run.ended == "the limit of 1 s"
        assert run.status in ENDED

    def test_what_outlives_it_is_named_and_left_alone(
        self, script: Write, mark: str, impatient: None
    ) -> None:
        path = script("""
            import subprocess, sys
            subprocess.Popen(
                [sys.executable, "-c", "import time; time.sleep(100)"],
                start_new_session=True,
            )
        """)
        run = measure(path)
        with ended(marked(mark)) as (child,):
            assert run.left_behind == (f"{child.name()} ({child.pid})",)
            assert run.status == 0

    def test_what_is_no_program(self) -> None:
        with pytest.raises(ClassifyError, match="no-python cannot be started"):
            usage.measure(["no-python", "script.py"], 1)


@contextlib.contextmanager
def ended(found: list[psutil.Process]) -> Iterator[list[psutil.Process]]:
    """Kill processes in the end."""
    try:
        yield found
    finally:
        for process in found:
            process.kill()


class TestStreams:
    """Input and errors."""

    @pytest.mark.parametrize(
        ("body", "asked"),
        [
            ("input()", True),
            ("raise EOFError('mine')", False),
            ("import sys; sys.exit('EOFError: EOF when reading a line, or so')", True),
            ("print('EOFError: EOF when reading a line')", False),
            ("raise ValueError('EOFError: EOF when reading a line')", False),
        ],
    )
    def test_it_failed_for_want_of_input(
        self,
        script: Write,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
        *,
        body: str,
        asked: bool,
    ) -> None:
        monkeypatch.setattr("sys.stdin", None)
        assert measure(script(body)).needs_input == asked

    def test_its_errors_come_as_it_writes_them(self, script: Write) -> None:
        path = script("""
            import sys
            sys.stderr.write("no end of line")
            sys.stderr.flush()
            sys.stdin.read()
        """)
        code = (
            "from snippets._tools import usage; import sys;"
            "print(usage.measure([sys.executable, sys.argv[1]], 60).status)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr
            assert process.stderr.read(14) == b"no end of line"
            assert process.poll() is None
            assert process.communicate()[0] == b"0\n"
