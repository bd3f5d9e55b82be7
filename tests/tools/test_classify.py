"""What a script is bound by, as its CPU time and the clock tell."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from snippets._tools import classify
from snippets._tools.catalogue import ROOT
from snippets._tools.classify import ClassifyError, Measured
from snippets._tools.runs import runner
from snippets.choosing.choose import RULES
from tests.helpers.cases import command

Write = Callable[[str], Path]
TICK = 0.05  # seconds; the accounts of the kernel count by hundredths, for each process
BURN = """\
    import time
    while time.process_time() < 0.3:
        pass
"""


@pytest.fixture
def script(tmp_path: Path) -> Write:
    """Return a function that writes a script."""

    def write(body: str) -> Path:
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(body), encoding="utf-8")
        return path

    return write


def measure(path: Path, time_limit: float = 30) -> Measured:
    """Run a script for so many seconds at most."""
    return classify.measure([sys.executable, str(path)], time_limit)


class TestMeasure:
    """CPU time, elapsed time, and how it ended."""

    def test_a_script_that_waits(self, script: Write) -> None:
        run = measure(script("import time; time.sleep(0.7)"))
        assert run.elapsed >= 0.69
        assert run.cpu < 0.5
        assert (run.status, run.ended) == (0, "")

    def test_a_script_that_computes(self, script: Write) -> None:
        run = measure(script(BURN))
        assert run.cpu >= 0.3 - TICK
        assert run.elapsed >= 0.3 - TICK

    def test_a_script_that_takes_less_than_the_kernel_counts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        still = os.times()
        monkeypatch.setattr("os.times", lambda: still)
        run = classify.measure(["true"], 30)
        assert run.elapsed > 0
        assert "too short to tell" in list(classify.report(run))[-1]

    def test_child_processes_count(self, script: Write) -> None:
        burn = textwrap.dedent(BURN)
        run = measure(
            script(f"""
                import subprocess, sys
                for _ in range(2):
                    subprocess.run([sys.executable, "-c", {burn!r}])
            """)
        )
        assert run.cpu >= 0.6 - TICK

    def test_a_failure_is_told(self, script: Write) -> None:
        assert measure(script("import sys; sys.exit(3)")).status == 3

    @pytest.mark.skipif(not Path("/proc").exists(), reason="it needs /proc")
    def test_a_script_that_hangs_is_ended_with_all_its_children(
        self, script: Write, tmp_path: Path
    ) -> None:
        """Its own CPU time and that of a child that still runs are known."""
        burn = textwrap.dedent(BURN) + "print(flush=True)\ntime.sleep(100)"
        path = script(f"""
            import os, subprocess, sys, time
            child = subprocess.Popen([sys.executable, "-c", {burn!r}], stdout=-1)
            child.stdout.read(1)
            open({str(tmp_path / "session")!r}, "w").write(str(os.getpid()))
            time.sleep(100)
        """)
        run = measure(path, 5)
        assert run.ended == "the limit of 5 s"
        assert 5 <= run.elapsed < 30
        assert run.cpu >= 0.3 - TICK
        leader = int((tmp_path / "session").read_text())
        assert list(runner.session(leader)) == []

    def test_a_script_that_does_not_want_to_end_is_killed(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "GRACE", 0.1)
        run = measure(
            script("""
                import signal, time
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(100)
            """),
            2,
        )
        assert run.status == -signal.SIGKILL

    def test_what_is_no_program(self) -> None:
        with pytest.raises(ClassifyError, match="no-python cannot be started"):
            classify.measure(["no-python", "script.py"], 1)

    def test_a_system_without_accounts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "killpg")
        with pytest.raises(ClassifyError, match="on Windows"):
            classify.measure([sys.executable, "-V"], 1)


PROGRAMS = {rule.program for rule in RULES}


class TestReport:
    """What is said of figures."""

    @pytest.mark.parametrize(
        ("cpu", "said", "programs"),
        [
            (0.0, "It waits.", {"threads/thread_pool", "coroutines/fetch_pages"}),
            (0.39, "It waits.", {"threads/thread_pool", "coroutines/fetch_pages"}),
            (0.4, "It waits and computes in turn", {"threads/bounded_queue"}),
            (1.59, "It waits and computes in turn", {"threads/bounded_queue"}),
            (1.6, "It computes, on one", {"processes/pool_sum", "basics/gil_hashing"}),
            (2.39, "It computes, on one", {"processes/pool_sum", "basics/gil_hashing"}),
            (2.4, "It computes on several", set()),
        ],
    )
    def test_what_it_is_bound_by(
        self, cpu: float, said: str, programs: set[str]
    ) -> None:
        lines = list(classify.report(Measured(2.0, cpu, 0)))
        assert lines[3].startswith(said)
        text = "\n".join(lines)
        assert set(re.findall(r"\w+/\w+", text)) & PROGRAMS == programs

    def test_the_figures(self) -> None:
        assert list(classify.report(Measured(2.0, 3.0, 0)))[:3] == [
            "elapsed      2.00 s",
            "CPU time     3.00 s, child processes included",
            f"busy         1.50 of {os.cpu_count()} cores",
        ]

    def test_a_short_run_is_no_ground_for_advice(self) -> None:
        *_, last = classify.report(Measured(0.49, 0.4, 0))
        assert last == "Less than 0.5 s is too short to tell: give it more work."

    def test_a_failed_run(self) -> None:
        text = "\n".join(classify.report(Measured(1.0, 0.0, 7)))
        assert "It failed (exit status 7): these are the figures until then." in text
        assert "script.py < input.txt" in text

    def test_a_run_that_was_ended_has_not_failed(self) -> None:
        run = Measured(1.0, 0.0, -signal.SIGTERM, "Ctrl-C")
        text = "\n".join(classify.report(run))
        assert "It was ended by Ctrl-C: these are the figures until then." in text
        assert "failed" not in text


class TestCommand:
    """``python -m snippets classify``."""

    def test_a_script_and_its_arguments(
        self,
        script: Write,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        path = script("import sys, time; time.sleep(0.6); print(sys.argv[1:])")
        arguments = "classify", "--", str(path), "--one", "two"
        assert command(monkeypatch, *arguments) == 0
        told = capfd.readouterr().out
        assert told.startswith("['--one', 'two']\n\nelapsed ")
        assert "It waits" in told

    def test_its_failure_is_ours(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = script("import sys; sys.exit(3)")
        assert command(monkeypatch, "classify", "--", str(path)) == 1

    def test_a_limit_is_no_failure(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = script("import time; time.sleep(100)")
        arguments = "classify", "--seconds", "0.6", "--", str(path)
        assert command(monkeypatch, *arguments) == 0

    def test_a_file_that_is_not_there(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(monkeypatch, "classify", "--", "nothing.py") == 1
        assert capsys.readouterr().err == "error: there is no file nothing.py.\n"

    def test_another_python(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        arguments = "classify", "--python", "no-python", "--", "-m", "this"
        assert command(monkeypatch, *arguments) == 1
        assert "error: no-python cannot be started" in capsys.readouterr().err

    def test_input_comes_from_a_file_but_from_no_terminal(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = script("print(len(input()))")
        ours = [sys.executable, "-m", "snippets", "classify", "--", str(path)]
        ran = subprocess.run(
            ours, cwd=ROOT, input="12345\n", capture_output=True, text=True, check=True
        )
        assert ran.stdout.startswith("5\n")
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        assert measure(path).status == 1

    def test_ctrl_c_ends_it_with_figures(self, script: Write) -> None:
        path = script("""
            import time
            print("ready", flush=True)
            time.sleep(100)
        """)
        ours = [sys.executable, "-m", "snippets", "classify", "--", str(path)]
        with subprocess.Popen(
            ours, cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "It was ended by Ctrl-C" in told
