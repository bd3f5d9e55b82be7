"""Run a script, and account for the CPU time of all the processes that it starts.

A system accounts for a child when its parent has waited for it, and for nobody else's:
a script's own account lacks the workers of its forkserver. So the processes of the
script are looked at while they run, many times a second. What one of them had used by
the last look counts, unless it is found in the account of the one that waited for it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from snippets._tools.classify import ClassifyError, Measured
from snippets._tools.runs import processes

PAUSE = 0.02  # seconds from look to look, at least
LIGHTNESS = 20  # a look is followed by a pause of so many times the CPU time it took
GRACE = 5.0  # seconds to clean up after Ctrl-C
LAST_GRACE = 2.0  # and after SIGTERM; a helper that outlives the script gets the same
TAIL = 4096  # bytes of standard error that are kept for a look at the last line
POSIX = hasattr(os, "killpg")
SCHEDSTAT = Path("/proc/self/schedstat")  # where Linux tells how long a thread waited


def measure(command: list[str], time_limit: float) -> Measured:
    """Run a command for so many seconds at most, infinity included.

    It can read what is redirected to it, and no terminal. Ctrl-C and SIGTERM end it,
    too, and all that it has started; a second one does not let it clean up.

    Raises:
        ClassifyError: if the command cannot be started.
    """
    mark, began = processes.new_mark(), time.perf_counter()
    with _asked_to_end() as asked, _started(command, mark) as process:
        errors = _Errors(process)
        account = Account(process.pid, mark)
        pause = account.look()
        while not asked and (left := began + time_limit - time.perf_counter()) > 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(pause, left))
                break
            pause = account.look()
        ended = process.poll() is None or bool(asked)
        elapsed = time.perf_counter() - began
        account.look()
        run = Measured(elapsed, account.cpu(), 0, delay=account.delay(elapsed))
        if ended:
            reason = asked[0] if asked else f"the limit of {time_limit:g} s"
            run = replace(run, ended=reason, quiet=account.quiet())
            _end(process.pid, mark, asked)
        else:
            left_behind = _left_behind(process.pid, mark, asked)
            run = replace(run, left_behind=tuple(left_behind))
        status, last_line = process.wait(), errors.last_line()
        needs_input = status > 0 and last_line.startswith("EOFError: EOF when reading")
        return replace(run, status=status, needs_input=needs_input)


@contextlib.contextmanager
def _asked_to_end() -> Iterator[list[str]]:
    """Collect the signals that ask us to end, by name, instead of being ended."""
    asked: list[str] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append("Ctrl-C" if number == signal.SIGINT else "a signal")

    numbers = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # as nohup asks for
            signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _started(command: list[str], mark: str) -> subprocess.Popen[bytes]:
    no_input = sys.stdin is None or sys.stdin.isatty()
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if no_input else None,
            stderr=subprocess.PIPE,
            env=os.environ | {processes.MARK: mark},
            start_new_session=True,
        )
    except OSError as error:
        message = f"{command[0]} cannot be started: {error.strerror}."
        raise ClassifyError(message) from error


class _Errors:
    """What a script writes to standard error, passed on as it comes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._tail = b""
        pipe, process.stderr = process.stderr, None  # it is closed here alone
        # A process that was left behind may keep the pipe open: do not wait for it.
        self._thread = threading.Thread(target=self._pass_on, args=(pipe,), daemon=True)
        self._thread.start()

    def _pass_on(self, pipe: IO[bytes]) -> None:
        # The file of that number is what the script would have written to.
        with contextlib.suppress(OSError), open(2, "wb", closefd=False) as ours:
            while piece := os.read(pipe.fileno(), TAIL):
                self._tail = (self._tail + piece)[-TAIL:]
                ours.write(piece)
                ours.flush()
        pipe.close()  # if nobody reads ours any more, nobody reads its errors

    def last_line(self) -> str:
        """Return its last line, when all of it has been passed on."""
        self._thread.join(LAST_GRACE)
        return self._tail.decode(errors="replace").rstrip().rpartition("\n")[2]


@dataclass(frozen=True)
class _Seen:
    """What a process had used by the last look, in seconds of CPU time.

    ``own`` is its own time, ``waited`` that of the ended children it has waited for,
    and ``lost`` that of those that it has not waited for.
    """

    parent: int
    own: float
    waited: float
    lost: float = 0.0

    @property
    def all(self) -> float:
        return self.own + self.waited + self.lost


class Account:
    """The CPU time of a process and of all its descendants, and what else they do.

    Nothing counts twice: what an ended process had used is lost only as far as the
    account of the process that could have waited for it has not grown by as much.
    """

    def __init__(self, leader: int, mark: str) -> None:
        """Open the account of the processes with a mark, and of their leader."""
        self._leader, self._mark = leader, mark
        self._live: dict[psutil.Process, _Seen] = {}
        self._us = _Seen(0, 0.0, _waited_for_by_us())
        self._before = self._us.waited
        self._delays: dict[tuple[psutil.Process, str], float] = {}
        self._machine = _busy_time_of_the_machine()
        self._next_search = 0.0
        self._activity: tuple[object, ...] = ()
        self._active = time.perf_counter()

    def look(self) -> float:
        """Look at all processes; return how long to pause, in seconds."""
        began = time.thread_time()
        if time.perf_counter() >= self._next_search:
            self._search()
            pause = max(PAUSE, LIGHTNESS * (time.thread_time() - began))
            self._next_search = time.perf_counter() + pause
            began = time.thread_time()
        while not self._settle():
            pass  # one has ended meanwhile
        self._look_at_activity()
        return max(PAUSE, LIGHTNESS * (time.thread_time() - began))

    def cpu(self) -> float:
        """Return the CPU time of all of them, in seconds."""
        live = sum(seen.all for seen in self._live.values())
        return self._us.waited - self._before + self._us.lost + live

    def delay(self, elapsed: float) -> float:
        """Return for how many seconds they were ready and had no core.

        Where the system does not tell, it is what other programs have used in the
        ``elapsed`` seconds, if they and these left less than a tenth of it idle.
        """
        if SCHEDSTAT.exists():
            return sum(self._delays.values())
        used = _busy_time_of_the_machine() - self._machine
        full = used > 0.9 * elapsed * (os.cpu_count() or 1)
        return max(0.0, used - self.cpu()) if full else 0.0

    def quiet(self) -> float:
        """Return for how many seconds nothing has happened; 0 if a socket is open."""
        for process in self._live:
            try:
                if process.net_connections():
                    return 0.0
            except psutil.AccessDenied:
                return 0.0  # there may be one
            except psutil.NoSuchProcess:
                continue
        return time.perf_counter() - self._active

    def _search(self) -> None:
        """Find new processes."""
        found = list(processes.members(self._leader, self._mark))
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(self._leader))
        for process in found:
            if process not in self._live:
                self._live[process] = _Seen(os.getpid(), 0.0, 0.0)

    def _settle(self) -> bool:
        """Read all accounts, those of parents first; return False if one has ended.

        An ended child is in its parent's account before it is gone, and one that is
        still there when its parent's account has been read is not in that account.
        """
        now: dict[psutil.Process, _Seen] = {}
        live = [process for process in self._live if process.is_running()]
        us = replace(self._us, waited=_waited_for_by_us())
        for process in sorted(live, key=psutil.Process.create_time):
            try:
                now[process] = _look_at(process, self._live[process])
            except psutil.NoSuchProcess:
                return False
        self._us = us = self._settle_ended(us, now)
        self._live = now
        return True

    def _settle_ended(self, us: _Seen, now: dict[psutil.Process, _Seen]) -> _Seen:
        """Add what is lost of those that have ended to who should have waited."""
        ended = {p.pid: seen for p, seen in self._live.items() if p not in now}
        expected: dict[int, float] = defaultdict(float)
        for seen in ended.values():
            heir = seen.parent
            while heir in ended:
                heir = ended[heir].parent
            expected[heir] += seen.all
        for process, seen in now.items():
            gained = seen.waited - self._live[process].waited
            lost = max(0.0, expected.pop(process.pid, 0.0) - gained)
            now[process] = replace(seen, lost=seen.lost + lost)
        lost = max(0.0, expected.pop(os.getpid(), 0.0) - us.waited + self._us.waited)
        return replace(us, lost=us.lost + lost + sum(expected.values()))

    def _look_at_activity(self) -> None:
        activity = [self.cpu(), *map(_look_at_files, self._live)]
        for process in self._live:
            for thread, (ran, waited) in _look_at_threads(process.pid):
                self._delays[process, thread] = waited
                activity.append(ran)
        if self._activity != (now := tuple(activity)):
            self._activity, self._active = now, time.perf_counter()


def _waited_for_by_us() -> float:
    times = os.times()  # it counts by hundredths
    return times.children_user + times.children_system


def _look_at(process: psutil.Process, before: _Seen) -> _Seen:
    """Read the account of a process.

    Raises:
        psutil.NoSuchProcess: if it has ended, and its parent has waited for it.
    """
    try:
        times = process.cpu_times()
        own = times.user + times.system
        # Linux alone tells of children while the process runs; others say 0 or nothing.
        waited = getattr(times, "children_user", 0.0)
        waited += getattr(times, "children_system", 0.0)
        return replace(before, parent=process.ppid(), own=own, waited=waited)
    except (psutil.ZombieProcess, psutil.AccessDenied):
        return before


def _look_at_files(process: psutil.Process) -> object:
    """Return the counts of what a process has read and written, if it has them."""
    with contextlib.suppress(psutil.Error, AttributeError):
        return process.io_counters()  # macOS has none
    return None


def _look_at_threads(pid: int) -> Iterator[tuple[str, tuple[int, float]]]:
    """Yield for each thread how long it ran, and waited for a core; Linux knows.

    The first is in nanoseconds, which tell a short wake-up, the other in seconds.
    """
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                stat = (thread / "schedstat").read_text(encoding="ascii")
                ran, waited, _ = map(int, stat.split())
                yield thread.name, (ran, waited / 1e9)


def _busy_time_of_the_machine() -> float:
    """Return the CPU time of all cores, in seconds, since the machine was started."""
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _left_behind(leader: int, mark: str, asked: list[str]) -> Iterator[str]:
    """Name the processes that outlive the script; helpers need a moment to end."""
    if not _are_gone(leader, mark, LAST_GRACE, asked, len(asked)):
        for process in processes.members(leader, mark):
            with contextlib.suppress(psutil.Error):
                yield f"{process.name()} ({process.pid})"


def _end(leader: int, mark: str, asked: list[str]) -> None:
    """End a script and all that it has started, and wait until they are gone.

    SIGINT goes to its group, as from a terminal, SIGTERM and SIGKILL go to everything.
    Windows has none of them: Ctrl-C reaches a script there without our help, and at the
    time limit it is ended at once.
    """
    times = len(asked)
    with contextlib.suppress(OSError):
        if POSIX:
            os.killpg(leader, signal.SIGINT)
    if (POSIX or asked) and _are_gone(leader, mark, GRACE, asked, times):
        return
    for end in (psutil.Process.terminate, psutil.Process.kill):
        times = len(asked)
        for process in processes.members(leader, mark):
            with contextlib.suppress(psutil.Error):
                end(process)
        if _are_gone(leader, mark, LAST_GRACE, asked, times):
            return


def _are_gone(
    leader: int, mark: str, grace: float, asked: list[str], times: int
) -> bool:
    """Wait so many seconds, or until we are asked to end more often than ``times``."""
    deadline, looks = time.monotonic() + grace, 0
    # One look may miss a process that was started during it by one that ended then.
    while looks < 2:
        looks = 0 if any(True for _ in processes.members(leader, mark)) else looks + 1
        if looks == 0 and (time.monotonic() > deadline or len(asked) > times):
            return False
        time.sleep(PAUSE)
    return True
