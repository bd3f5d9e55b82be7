"""What a script is bound by, as its CPU time and the clock tell."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from snippets._tools import classify, usage
from snippets._tools.catalogue import ROOT
from snippets._tools.classify import Measured
from snippets._tools.runs import processes
from snippets.choosing.choose import RULES
from tests.helpers.cases import command

Write = Callable[[str], Path]
OURS = [sys.executable, "-m", "snippets", "classify"]


@pytest.fixture
def script(tmp_path: Path) -> Write:
    """Return a function that writes a script."""

    def write(body: str) -> Path:
        path = tmp_path / "a script.py"
        path.write_text(textwrap.dedent(body), encoding="utf-8")
        return path

    return write


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
        assert lines[4].startswith(said)
        text = "\n".join(lines)
        assert set(re.findall(r"\w+/\w+", text)) & PROGRAMS == programs

    def test_the_figures(self) -> None:
        assert list(classify.report(Measured(2.0, 3.0, 0, delay=0.1)))[:4] == [
            "elapsed      2.00 s",
            "CPU time     3.00 s, of all its processes",
            "delay        0.10 s, ready to run, but no core was free",
            f"busy         1.50 of {os.cpu_count()} cores",
        ]

    @pytest.mark.parametrize(
        ("cpu", "delay", "said"),
        [
            (0.1, 0.1, ["It waits."]),  # less than a tenth of the time
            (0.1, 2.0, ["It waits.", "It computes, on one core."]),
            (1.0, 1.0, ["It waits and computes", "It computes, on one core."]),
            (3.0, 2.0, ["It computes on several cores"]),  # it would, anyway
        ],
    )
    def test_on_a_busy_machine_it_may_be_either(
        self, cpu: float, delay: float, said: list[str]
    ) -> None:
        _, _, _, _, *lines = classify.report(Measured(2.0, cpu, 0, delay=delay))
        busy = [line for line in lines if line.startswith("The cores were busy")]
        assert len(busy) == len(said) - 1
        verdicts = [line for line in lines if line.startswith("It ")]
        assert len(verdicts) == len(said)
        for line, begins in zip(verdicts, said, strict=True):
            assert line.startswith(begins)

    def test_the_load_is_told_where_there_is_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = Measured(2.0, 0.1, 0, delay=2.0)
        monkeypatch.setattr(os, "getloadavg", lambda: (4.04, 0, 0))
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        line = "The cores were busy{}: it got less CPU time than it wanted."
        assert line.format(" (load average 4.0, 2 cores)") in classify.report(run)
        monkeypatch.delattr(os, "getloadavg")
        assert line.format("") in classify.report(run)

    def test_a_short_run_is_no_ground_for_advice(self) -> None:
        *_, last = classify.report(Measured(0.49, 0.4, 0))
        assert last == "Less than 0.5 s is too short to tell: give it more work."

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (7, "exit status 7"),
            (-signal.SIGSEGV, "SIGSEGV"),
            (-1000, "signal 1000"),
        ],
    )
    def test_a_failed_run(self, status: int, said: str) -> None:
        text = "\n".join(classify.report(Measured(1.0, 0.0, status)))
        assert f"It failed ({said}): these are the figures until then." in text
        assert "input" not in text

    def test_a_run_without_its_input(self) -> None:
        text = "\n".join(classify.report(Measured(1.0, 0.0, 1, needs_input=True)))
        assert "It asked for input. Give it a file: " in text

    def test_a_run_that_was_ended_has_not_failed(self) -> None:
        run = Measured(1.0, 0.0, -signal.SIGTERM, "Ctrl-C")
        text = "\n".join(classify.report(run))
        assert "It was ended by Ctrl-C: these are the figures until then." in text
        assert "failed" not in text

    def test_a_run_that_was_quiet_gets_no_advice_but_a_place_to_look(self) -> None:
        """A symptom that has an entry by that name."""
        run = Measured(9.0, 0.0, 0, "Ctrl-C", quiet=5.0)
        lines = list(classify.report(run))
        assert lines[5].startswith("Nothing happened in its last 5 s")
        assert not any("waits" in line for line in lines)
        (name,) = re.findall('"(.+)" in reference/symptoms', lines[-1])
        symptoms = ROOT / "docs/reference/symptoms.md"
        assert f"### {name}\n" in symptoms.read_text(encoding="utf-8")

    def test_a_run_that_was_quiet_for_a_short_time_waits(self) -> None:
        run = Measured(9.0, 0.0, 0, "Ctrl-C", quiet=4.9)
        assert "It waits." in "\n".join(classify.report(run))

    def test_what_still_runs(self) -> None:
        run = Measured(1.0, 0.0, 0, left_behind=("python (7)", "cat (8)"))
        text = "\n".join(classify.report(run))
        assert "It ended, and these still run: python (7), cat (8)." in text


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

    def test_input_comes_from_a_file(self, script: Write) -> None:
        path = script("print(len(input()))")
        ran = subprocess.run(
            [*OURS, "--", path],
            cwd=ROOT,
            input="12345\n",
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.startswith("5\n")

    def test_ctrl_c_lets_it_clean_up_and_leaves_nothing(self, script: Write) -> None:
        """It gets to the script as from a terminal, and to its workers."""
        path = script("""
            import multiprocessing, os, time
            def work(_):
                time.sleep(100)
            if __name__ == "__main__":
                with multiprocessing.Pool(2) as pool:
                    print(os.environ["SNIPPETS_RUN"], flush=True)
                    try:
                        pool.map(work, range(2))
                    except KeyboardInterrupt:
                        print("interrupted", flush=True)
                    finally:
                        print("cleaned", flush=True)
        """)
        with running("--", str(path)) as process:
            assert process.stdout
            mark = process.stdout.readline().strip()
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert told.startswith("interrupted\ncleaned\n")
        assert "It was ended by Ctrl-C" in told
        assert list(processes.members(-1, mark)) == []

    def test_a_closed_pipe_ends_it_quietly(self, script: Write) -> None:
        path = script("import time; time.sleep(0.6)")
        with running("--", str(path)) as process:
            assert process.stdout
            process.stdout.close()
            process.stdout = None
            _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (141, "")

    def test_what_is_left_to_write_does_not_fail_at_the_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w", encoding="utf-8") as stdout:
            monkeypatch.setattr("sys.stdout", stdout)
            assert command(monkeypatch, "list") == 141

    @pytest.mark.parametrize("seconds", ["0", "-1", "nan", "a minute"])
    def test_what_is_no_time_is_refused(
        self,
        seconds: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        with pytest.raises(SystemExit, match="2"):
            command(monkeypatch, "classify", "--seconds", seconds, "--", "x.py")
        said = f"argument --seconds: {seconds} is no number of seconds above 0\n"
        assert capsys.readouterr().err.endswith(said)

    def test_there_may_be_no_limit(
        self, script: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = script("pass")
        arguments = "classify", "--seconds", "inf", "--", str(path)
        assert command(monkeypatch, *arguments) == 0

    def test_help_tells_the_limit_and_the_exit_status(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            command(monkeypatch, "classify", "--help")
        told = " ".join(capsys.readouterr().out.split())
        assert "60 if not given" in told
        assert f"SIGINT and {usage.GRACE:g} s to clean up" in told
        assert f"SIGKILL {usage.LAST_GRACE:g} s later" in told
        assert "The exit status is 0 if the script was measured" in told

    def test_without_psutil_it_says_how_to_get_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "psutil", None)
        assert command(monkeypatch, "classify", "--", "-m", "this") == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "python -m pip install psutil" in said

    @pytest.mark.parametrize(
        ("arguments", "status"),
        [
            (["list"], 0),
            (["show", "basics/gil_status"], 0),
            (["run", "basics/gil_status"], 0),
            (["classify", "--", "-m", "this"], 2),
        ],
    )
    def test_all_else_does_without_psutil(
        self, arguments: list[str], status: int
    ) -> None:
        code = """if True:
            import sys
            sys.modules["psutil"] = None
            from snippets.__main__ import main
            sys.exit(main())
        """
        ran = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        assert ran.returncode == status


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process of its own."""
    with subprocess.Popen(
        [*OURS, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
