"""The processes of a run are found, wherever they have gone."""

import os
import signal
import subprocess
import sys

import pytest

from snippets._tools.runs import processes

WAIT = "import sys; print(flush=True); sys.stdin.read()"
SPAWNS = f"""\
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WAIT!r}], start_new_session=True)
child.wait()
"""


@pytest.mark.parametrize(
    ("own_session", "marked", "found"),
    [
        (True, True, True),
        (False, True, True),
        (True, False, True),
        (False, False, False),
    ],
)
def test_it_is_found_by_its_group_or_by_its_mark(
    *, own_session: bool, marked: bool, found: bool
) -> None:
    mark = processes.new_mark()
    environment = {processes.MARK: mark} if marked else {}
    with subprocess.Popen(
        [sys.executable, "-c", WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=own_session,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        pids = [member.pid for member in processes.members(process.pid, mark)]
        assert pids == ([process.pid] if found else [])
        process.communicate()
    assert list(processes.members(process.pid, mark)) == []


def test_one_that_has_ended_and_was_not_waited_for_is_not_found() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert list(processes.members(ended.pid, processes.new_mark())) == []


def test_children_in_sessions_of_their_own_are_found() -> None:
    mark = processes.new_mark()
    with subprocess.Popen(
        [sys.executable, "-c", SPAWNS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={processes.MARK: mark},
        start_new_session=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        assert len(list(processes.members(process.pid, mark))) == 2
        process.communicate()


def test_what_has_left_the_group_is_killed_too() -> None:
    mark = processes.new_mark()
    with subprocess.Popen(
        [sys.executable, "-c", WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={processes.MARK: mark},
        start_new_session=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        assert processes.kill(2**22 + 1, mark) == 1  # no group has this number
    assert process.returncode == -signal.SIGKILL
    assert processes.kill(process.pid, mark) == 0
