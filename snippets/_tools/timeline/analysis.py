"""Tell from what was witnessed of a run what each thread, process and task did."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter

from snippets._tools.catalogue import Program
from snippets._tools.evidence.provenance import fingerprint
from snippets._tools.timeline.store import Lane, Moment, Segment, Timeline
from snippets._tools.timeline.witness import Event, Look, Thread, Witnessed

MOST_LANES = 16  # more cannot be told apart in a picture
MOST_SEGMENTS = 420  # of a lane, as many as a picture is wide
FINEST = 10  # microseconds
DIVISIBLE = 3_000  # microseconds that the kernel's account can divide
HALF = 0.5  # of a time that is not divided further
HELPERS = "asyncio", "concurrent.futures.process", "multiprocessing"
LIBRARIES = "aiohttp", "asyncio"  # their own tasks are not those of the program

Span = tuple[int, int, str]  # from when to when, in nanoseconds, and the state


class Account:
    """What the kernel told about a thread, to be asked about any time.

    It tells late, so what it tells at a look goes right before that look: first the
    time in line for a core, and then the time on one.
    """

    def __init__(self, looks: list[Look]) -> None:
        """Keep when the thread stood in line, and when it was on a core."""
        self.looks = looks
        self._in_line: list[tuple[int, int]] = []
        self._on_core: list[tuple[int, int]] = []
        for before, after in pairwise(looks):
            arrived = after.at - (after.on_core - before.on_core)
            stood = arrived - (after.in_line - before.in_line)
            _append(self._on_core, arrived, after.at)
            _append(self._in_line, stood, arrived)

    def on_core(self, start: int, end: int) -> float:
        """Return which part of a time the thread was on a core."""
        return _covered(self._on_core, start, end)

    def in_line(self, start: int, end: int) -> float:
        """Return which part of a time it stood in line for a core."""
        return _covered(self._in_line, start, end)


def _append(spans: list[tuple[int, int]], start: int, end: int) -> None:
    """Add a span after the others, as far as it is not among them."""
    start = max(start, spans[-1][1]) if spans else start
    if start < end:
        spans.append((start, end))


def _covered(spans: list[tuple[int, int]], start: int, end: int) -> float:
    """Return which part of a time the spans cover.

    >>> _covered([(0, 4), (6, 9), (12, 20)], 2, 12)
    0.5
    """
    covered = 0
    for number in range(bisect_right(spans, start, key=itemgetter(1)), len(spans)):
        first, last = spans[number]
        if first >= end:
            break
        covered += min(last, end) - max(first, start)
    return covered / (end - start)


@dataclass
class Run:
    """What was witnessed, by thread, and cut to the time of the program's main()."""

    seen: Witnessed
    start: int = 0
    end: int = 0
    events: dict[Thread, list[Event]] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[Thread, Account] = field(default_factory=dict)
    names: dict[Thread, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort what was witnessed."""
        leader = self.seen.leader
        for event in self.seen.events:
            self.events[event.thread].append(event)
        own = [e for e in self.seen.events if e.thread[0] == leader]
        self.start = next(e.at for e in own if e.what == "main")
        self.end = max(e.at for e in own)
        self.accounts = {t: Account(looks) for t, looks in self.seen.looks.items()}
        self.names = dict(self._names())

    def _names(self) -> Iterator[tuple[Thread, str]]:
        """Yield the threads to show and their names: not the helpers of libraries."""
        processes = {
            e.thread[0]: e.details[0] for e in self.seen.events if e.what == "process"
        }
        processes |= {
            e.thread[0]: "another program" for e in self.seen.events if e.what == "main"
        }
        processes[self.seen.leader] = "main"
        for pid, name in processes.items():
            yield (pid, pid), name
        for event in self.seen.events:
            pid = event.thread[0]
            if event.what == "thread" and pid in processes:
                module, name = event.details
                if not module.startswith(HELPERS):
                    prefix = "" if pid == self.seen.leader else f"{processes[pid]}: "
                    yield event.thread, prefix + name

    def lifetime(self, thread: Thread) -> tuple[int, int]:
        """Return when a thread was there, within the time of main()."""
        known = [look.at for look in self.seen.looks.get(thread, [])]
        known += [event.at for event in self.events[thread]]
        if thread == (self.seen.leader, self.seen.leader):
            known = [self.start, self.end]
        first, last = (min(known), max(known)) if known else (0, 0)
        return max(first, self.start), min(last, self.end)

    def spans(self, thread: Thread) -> list[Span]:
        """Return what a thread did, without a gap."""
        start, end = self.lifetime(thread)
        spans: list[Span] = []
        now = start
        for wait in [*clipped(self._waits(thread), start, end), (end, end, "")]:
            spans += self._busy(thread, now, wait[0])
            spans += [wait] if wait[0] < wait[1] else []
            now = wait[1]
        return spans

    def _waits(self, thread: Thread) -> Iterator[Span]:
        """Yield what the program tells: the last wait may have had no end."""
        began: Event | None = None
        for event in self.events[thread]:
            if event.what == "wait":
                began = event
            elif event.what == "go" and began:
                yield began.at, event.at, began.details[0]
                began = None
        if began:
            yield began.at, self.end, began.details[0]

    def _busy(self, thread: Thread, start: int, end: int) -> Iterator[Span]:
        """Yield what a thread did that waited for nothing it knew of."""
        account = self.accounts.get(thread)
        if account is None or end - start < DIVISIBLE * 1000:
            if end > start:
                yield start, end, "running"
            return
        inner = [look.at for look in account.looks if start < look.at < end]
        for first, last in zip([start, *inner], [*inner, end], strict=True):
            yield first, last, self._state(thread, first, last)

    def _state(self, thread: Thread, start: int, end: int) -> str:
        """Tell what a thread did in about a millisecond by the kernel's account."""
        own = self.accounts[thread]
        if own.on_core(start, end) >= HALF:
            return "running"
        if own.in_line(start, end) >= HALF:
            return "core"
        others = (
            account.on_core(start, end)
            for (pid, number), account in self.accounts.items()
            if pid == thread[0] and number != thread[1]
        )
        return "gil" if sum(others) >= HALF else "other"

    def tasks(self, thread: Thread) -> Iterator[tuple[int, str, list[Span]]]:
        """Yield the tasks of a thread's event loop: number, name, and what each did."""
        steps: dict[str, list[Event]] = defaultdict(list)
        for event in self.events[thread]:
            if event.what in {"step", "awaits"}:
                steps[event.details[0]].append(event)
        own = self.spans(thread)
        for events in steps.values():
            spans: list[Span] = []
            for event, later in zip(events, [*events[1:], None], strict=True):
                until = later.at if later else self.end
                if event.what == "step":
                    spans += clipped(own, event.at, until)
                elif event.details[1] != "end":
                    spans.append((event.at, until, event.details[1]))
            _, module, coroutine, name = events[0].details
            if module.startswith(LIBRARIES):
                continue
            yield events[0].at, named(name, coroutine), spans


def named(name: str, coroutine: str) -> str:
    """Return the name of a task; one that has none of its own is told by its function.

    >>> named("Task-2", "main.<locals>.fetch"), named("producer", "produce")
    ('fetch (Task-2)', 'producer')
    """
    if name.startswith("Task-"):
        return f"{coroutine.rpartition('.')[2]} ({name})"
    return name


def clipped(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    """Yield what of some spans lies between two times.

    >>> list(clipped([(0, 5, "io"), (5, 9, "running")], 3, 6))
    [(3, 5, 'io'), (5, 6, 'running')]
    """
    for first, last, state in spans:
        if max(first, start) < min(last, end):
            yield max(first, start), min(last, end), state


def joined(segments: Iterable[Segment], finest: int) -> list[Segment]:
    """Join neighbours of the same state; add what is too short to what is before it.

    >>> joined([Segment(0, 9, "io"), Segment(9, 10, "gil"), Segment(10, 20, "io")], 2)
    [Segment(start=0, end=20, state='io')]
    """
    found: list[Segment] = []
    for segment in segments:
        last = found[-1] if found else None
        short = segment.end - segment.start < finest
        if (
            last
            and last.end == segment.start
            and (short or last.state == segment.state)
        ):
            found[-1] = Segment(last.start, segment.end, last.state)
        else:
            found.append(segment)
    return found


def lane(kind: str, name: str, spans: Iterable[Span], start: int) -> Lane:
    """Return a lane, no finer than it can be seen."""
    segments = [
        Segment((a - start) // 1000, (b - start) // 1000, s) for a, b, s in spans
    ]
    found = joined(segments, FINEST)
    if len(found) > MOST_SEGMENTS:
        found = joined(coarse(found), 0)
    return Lane(kind, name, tuple(found))


def coarse(segments: list[Segment]) -> Iterator[Segment]:
    """Yield equal parts of a time, each with the state that took most of it."""
    start, length = segments[0].start, segments[-1].end - segments[0].start
    limits = [start + length * n // MOST_SEGMENTS for n in range(MOST_SEGMENTS + 1)]
    number = 0
    for first, last in pairwise(limits):
        times = Counter[str]()
        while segments[number].start < last:
            segment = segments[number]
            times[segment.state] += min(segment.end, last) - max(segment.start, first)
            if segment.end > last or number + 1 == len(segments):
                break
            number += 1
        yield Segment(first, last, max(times, key=times.__getitem__, default="other"))


def lanes(run: Run) -> Iterator[tuple[Thread, Lane]]:
    """Yield the lanes of a run as they begin, tasks after those of their loop."""
    threads = sorted(run.names, key=run.lifetime)
    for thread in threads:
        start, end = run.lifetime(thread)
        if start >= end:
            continue
        kind = "process" if thread[0] == thread[1] != run.seen.leader else "thread"
        yield thread, lane(kind, run.names[thread], run.spans(thread), run.start)
        for _, name, spans in sorted(run.tasks(thread)):
            yield thread, lane("task", name, spans, run.start)


def moments(run: Run, threads: list[Thread]) -> Iterator[Moment]:
    """Yield the lines that were printed, each with the lane of its thread."""
    for event in run.seen.events:
        if event.what == "print" and event.thread in threads and event.details:
            at = (event.at - run.start) // 1000
            yield Moment(at, threads.index(event.thread), event.details[0])


def disturbed(timeline: Timeline) -> int:
    """Return how many microseconds lanes have lost to other programs, or to what."""
    return sum(
        segment.end - segment.start
        for lane in timeline.lanes
        for segment in lane.segments
        if segment.state in {"core", "other"}
    )


def timeline(program: Program, seen: Witnessed) -> Timeline:
    """Return the timeline of a run that was witnessed."""
    run = Run(seen)
    found = list(lanes(run))
    threads = [thread for thread, _ in found[:MOST_LANES]]
    return Timeline.here(
        fingerprint(program.path),
        length=(run.end - run.start) // 1000,
        left_out=max(0, len(found) - MOST_LANES),
        lanes=tuple(lane for _, lane in found[:MOST_LANES]),
        moments=tuple(moments(run, threads)),
    )
