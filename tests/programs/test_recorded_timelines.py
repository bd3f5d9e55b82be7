"""A recorded timeline shows what the program calls, and agrees with its output.

It is held here to the program, to the output and to itself; ``FALSE`` has ways to
falsify it, each of which is refused.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import Program
from snippets._tools.evidence import recordings
from snippets._tools.runs import output
from snippets._tools.timeline import store
from snippets._tools.timeline.store import Lane, Segment, Timeline

NAMES = [p.name for p in catalogue.programs().values() if p.concurrent]
MOST_AT_ONCE = 0.1  # of a run, that threads with one GIL may seem to run at once

# What is called, and the state in which somebody is then for a while.
STATE_OF = {
    "asyncio.sleep": "sleep",
    "time.sleep": "sleep",
    ".join": "join",
    ".start": "start",
}
# What is called, and the kind of lane that it makes, besides that of the main thread.
KIND_OF = {
    "Thread": "thread",
    "ThreadPoolExecutor": "thread",
    "InterpreterPoolExecutor": "thread",
    "to_thread": "thread",
    "Process": "process",
    "ProcessPoolExecutor": "process",
    "Pool": "process",
    "asyncio.run": "task",
    "create_task": "task",
}
# What is printed and not by the program's own print(), or print()ed and not shown.
OTHER_LINES = {
    "performance/inspect_tasks": "writes the lines of the other program in one go",
    "performance/log_names": "prints by way of logging",
    "pitfalls/deadlock": "prints several lines at once, of which the first is told",
    "pitfalls/plus_equals": "prints several lines at once, of which the first is told",
    "processes/missing_guard": "runs another program, whose lines it hands on",
    "symptoms/unimportable": "runs another program, whose lines it hands on",
    "threads/thread_exception": "the hook prints in a thread too short to have a lane",
}
EXCEPTIONS = {
    ("processes/pickling", "wait"): "it pickles, and starts nobody",
    ("performance/log_names", "thread"): "its thread is too short to be seen twice",
    ("performance/log_names", "worker"): "its thread is too short to be seen twice",
    (
        "symptoms/session_per_request",
        "start",
    ): "it starts a server, not a thread",
    ("pitfalls/deadlock", "sleep"): "it sleeps only if it has come too early",
    ("threads/condition", "thread"): "its threads are too short to be seen twice",
    ("threads/thread_exception", "worker-1"): "a thread too short to be seen twice",
}
NAME = ast.Name | ast.Attribute
# Threads that the output speaks of, by their names.
SPOKEN_OF = {
    "pitfalls/deadlock": ["left", "right"],
    "symptoms/no_current_loop": ["worker_0"],
    "threads/thread_local": ["worker_0", "worker_1"],
}
AT_ONCE = {
    "basics/gil_hashing": "hashing a large buffer releases the GIL",
}


def called(program: Program) -> set[str]:
    """Return what a program calls or hands on: whole names, and the last part of each.

    The last part of a name that has several begins with a dot, too.
    """
    tree = ast.parse(program.path.read_text(encoding="utf-8"))
    names = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, NAME)}
    methods = {f".{name.rpartition('.')[2]}" for name in names if "." in name}
    return names | methods | {name.rpartition(".")[2] for name in names}


def named_threads(program: Program) -> Iterator[str]:
    """Yield the names that a program gives to its threads."""
    for node in ast.walk(ast.parse(program.path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=function, keywords=keywords):
                if ast.unparse(function).endswith(("Thread", "Process")):
                    for word in keywords:
                        if word.arg == "name" and isinstance(word.value, ast.Constant):
                            yield str(word.value.value)


def process_of(lane: Lane) -> str:
    """Return the process that a thread belongs to, which has a GIL of its own."""
    if lane.kind == "process":
        return lane.name
    return lane.name.partition(": ")[0] if ": " in lane.name else "main"


def at_once(timeline: Timeline) -> int:
    """Return for how long, in microseconds, threads of one process run at once."""
    changes: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for lane in timeline.lanes:
        for segment in lane.segments:
            if lane.kind != "task" and segment.state == "running":
                both = (segment.start, 1), (segment.end, -1)
                changes[process_of(lane)] += both
    longest = 0
    for each in changes.values():
        running = total = 0
        for (at, change), (later, _) in pairwise(sorted(each)):
            running += change
            total += later - at if running > 1 else 0
        longest = max(longest, total)
    return longest


def complaints(program: Program, timeline: Timeline) -> Iterator[str]:
    """Yield what in a timeline cannot be of this program, or of the recorded run."""
    yield from _of_origin(program, timeline)
    yield from _of_moments(program, timeline)
    for what, text in _of_calls(program, timeline):
        if (program.name, what) not in EXCEPTIONS:
            yield text
    much = at_once(timeline) > MOST_AT_ONCE * timeline.length
    if much and program.name not in AT_ONCE:
        yield f"{program.name}: threads with one GIL run at once"


def _of_calls(program: Program, timeline: Timeline) -> Iterator[tuple[str, str]]:
    """Yield what is missed, and how to say so."""
    calls, name = called(program), program.name
    states = {s.state for lane in timeline.lanes for s in lane.segments}
    kinds = Counter(lane.kind for lane in timeline.lanes) - Counter(thread=1)
    if states == {"running"}:
        yield "wait", f"{name} is concurrent, and nobody ever waits"
    for call, state in STATE_OF.items():
        if call in calls and state not in states:
            yield state, f"{name} calls {call}(), and no lane shows it: {state}"
    for call, kind in KIND_OF.items():
        if call in calls and not kinds[kind]:
            yield kind, f"{name} uses {call}, and there is no lane of a {kind}"
    for thread in (*named_threads(program), *SPOKEN_OF.get(name, ())):
        if not any(thread in lane.name for lane in timeline.lanes):
            yield thread, f"{name} has a thread {thread}, and it has no lane"


def _of_origin(program: Program, timeline: Timeline) -> Iterator[str]:
    recorded = recordings.load(program)
    assert recorded, f"{program.name} has no recording"
    if timeline.machine != recorded.machine:
        yield f"{program.name}: its timeline is of {timeline.machine}"
    if timeline.day < recorded.day:
        yield f"{program.name}: its timeline is older than its output"
    version = tuple(map(int, timeline.python.split(".")[:2]))
    if version < program.requires_python:
        yield f"{program.name}: does not run on Python {timeline.python}"


def _of_moments(program: Program, timeline: Timeline) -> Iterator[str]:
    printed = "".join(f"{moment.text}\n" for moment in timeline.moments)
    recorded = program.output.read_text(encoding="utf-8")
    differs = output.difference(recorded, printed, program.comparison)
    if differs and program.name not in OTHER_LINES:
        yield f"{program.name}: its timeline prints something else:\n{differs}"


@pytest.mark.parametrize("name", NAMES)
def test_a_timeline_is_of_its_program(name: str) -> None:
    program = catalogue.find(name)
    assert [*complaints(program, store.load(program))] == []


def test_every_exception_is_needed() -> None:
    for name in OTHER_LINES:
        program = catalogue.find(name)
        printed = "".join(f"{m.text}\n" for m in store.load(program).moments)
        recorded = program.output.read_text(encoding="utf-8")
        assert output.difference(recorded, printed, program.comparison)
    for name, what in EXCEPTIONS:
        program = catalogue.find(name)
        missed = [each for each, _ in _of_calls(program, store.load(program))]
        assert what in missed, f"{name} shows {what}: it is no exception any more"
    for name in AT_ONCE:
        timeline = store.load(catalogue.find(name))
        assert at_once(timeline) > MOST_AT_ONCE * timeline.length


def all_running(timeline: Timeline) -> Timeline:
    """Return a timeline in which everybody runs all the time."""
    busy = (Segment(0, timeline.length, "running"),)
    return replace(
        timeline, lanes=tuple(replace(x, segments=busy) for x in timeline.lanes)
    )


def only_main(timeline: Timeline) -> Timeline:
    """Return a timeline that has lost all lanes but one."""
    return replace(timeline, lanes=timeline.lanes[:1])


def without(state: str) -> Callable[[Timeline], Timeline]:
    """Return what shows a state as something else."""

    def change(timeline: Timeline) -> Timeline:
        lanes = tuple(
            replace(
                lane,
                segments=tuple(
                    replace(s, state="other") if s.state == state else s
                    for s in lane.segments
                ),
            )
            for lane in timeline.lanes
        )
        return replace(timeline, lanes=lanes)

    return change


def other_words(timeline: Timeline) -> Timeline:
    """Return a timeline in which something else is printed."""
    first, *rest = timeline.moments
    return replace(timeline, moments=(replace(first, text="another"), *rest))


FALSE = [
    *((name, all_running) for name in NAMES if (name, "wait") not in EXCEPTIONS),
    ("threads/reentrant_lock", lambda t: replace(t, machine="Linux x86_64, 64 cores")),
    ("threads/barrier", lambda t: replace(t, date="2020-01-01")),
    ("choosing/interpreters", lambda t: replace(t, python="3.11.1")),
    ("basics/same_work", only_main),
    ("processes/pool_sum", only_main),
    ("coroutines/first_tasks", only_main),
    ("threads/semaphore", without("sleep")),
    ("threads/worker_threads", without("join")),
    ("threads/worker_threads", without("start")),
    ("threads/barrier", other_words),
    ("pitfalls/deadlock", lambda t: replace(t, lanes=t.lanes[:2])),
]


@pytest.mark.parametrize(
    ("name", "falsify"),
    [pytest.param(*case, id=f"{case[0]}-{n}") for n, case in enumerate(FALSE)],
)
def test_a_false_timeline_is_refused(
    name: str, falsify: Callable[[Timeline], Timeline]
) -> None:
    program = catalogue.find(name)
    assert [*complaints(program, falsify(store.load(program)))]
