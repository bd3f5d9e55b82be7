"""Whatever goes wrong: a failure is reported, in time, and nothing claims success.

For faults of a server the program is the one that readers copy. For those of a worker,
a line that fails is put into the function that its workers call.
"""

import ast
import asyncio
import importlib
import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from snippets._tools import catalogue
from snippets._tools.catalogue import Program
from snippets._tools.runs import runner
from snippets._tools.runs.runner import Run
from tests.helpers.faulty_server import Fault, faulty_server

LIMIT = 70.0  # seconds; the longest deadline of a program is 60
CONCURRENT = re.compile(r"\w*Queue\b|\w+PoolExecutor|\bPool\(|\bProcess\(|_executor\(")
PROGRAMS = catalogue.programs()

# The function that workers call, for each program that has workers.
WORK = {
    "basics/gil_computing": "compute",
    "basics/gil_hashing": "fingerprint",
    "basics/gil_waiting": "ask",
    "basics/same_work": "task",
    "cases/parallel_data": "longest",
    "cases/pickling_cost": "transform",
    "cases/shared_data": "take_roots",
    "choosing/interpreters": "visit",
    "choosing/same_code": "digits",
    "coroutines/queue_hangs": "consume",
    "performance/amdahl": "parallel_part",
    "performance/harness": "compute",
    "performance/log_names": "work_in_a_process",
    "pitfalls/check_then_act": "check_then_act",
    "pitfalls/lock_order": "cook",
    "pitfalls/locked_update": "increment",
    "pitfalls/lost_update": "increment",
    "pitfalls/ordered_transfer": "transfer",
    "pitfalls/plus_equals": "one",
    "processes/join_before_drain": "produce",
    "processes/manager_dict": "count",
    "processes/pool_sum": "sum_of_squares",
    "processes/shared_array": "fill",
    "processes/start_methods": "look",
    "processes/task_queues": "handle",
    "processes/two_way_pipe": "answer",
    "threads/back_pressure": "produce",
    "threads/bank_account": "use",
    "threads/barrier": "work",
    "threads/semaphore": "download",
    "threads/thread_local": "ask_twice",
    "threads/thread_pool": "handle",
    "threads/worker_threads": "handle",
}
ORDERS = (  # whose consumers are given orders, one of which is no text
    "coroutines/queue_closed",
    "coroutines/queue_cured",
    "threads/bounded_queue",
    "threads/queue_shutdown",
)
# Programs whose workers fail by themselves, which is what they are about.
FAILING = {
    "performance/lost_exceptions",
    "processes/broken_pool",
    "processes/missing_guard",
    "processes/told_to_end",
    "processes/silent_pool",
    "symptoms/changing_dict",
    "symptoms/closed_loop",
    "symptoms/false_success",
    "symptoms/fork_with_threads",
    "symptoms/local_target",
    "symptoms/no_current_loop",
    "symptoms/other_loop",
    "symptoms/unimportable",
    "symptoms/wrong_thread",
    "threads/thread_exception",
}
NETWORK = {"cases/web_requests", "coroutines/fetch_pages"}
HARMLESS = {  # a fault that a program may get over
    ("cases/web_requests", Fault.BUSY_TWICE),  # it tries three times
    ("coroutines/fetch_pages", Fault.NO_TEXT),  # it asks for bytes
}

RAISES = (
    "vars({name})['calls'] = calls = vars({name}).get('calls', 0) + 1\n"
    "if calls % 5 == 1: raise LookupError('injected')"
)
DIES = (
    "import multiprocessing, os, signal\n"
    "if multiprocessing.parent_process(): os.kill(os.getpid(), signal.SIGKILL)"
)


def with_fault(program: Program, fault: str, folder: Path) -> Program:
    """Return a copy of a program whose workers have a fault."""
    name = WORK[program.name]
    source = program.path.read_text(encoding="utf-8")
    function = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == name
    )
    lines = source.splitlines()
    place = function.body[0].end_lineno  # of its docstring
    indent = " " * function.body[0].col_offset
    lines[place:place] = textwrap.indent(fault.format(name=name), indent).splitlines()
    path = folder / program.where
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replace(program, path=path)


def workers(*, processes: bool) -> list[object]:
    """Return the programs that have workers, or those whose workers are processes."""
    return [
        pytest.param(
            PROGRAMS[name],
            id=name,
            marks=pytest.mark.skipif(
                bool(PROGRAMS[name].obstacle),
                reason=f"{name} {PROGRAMS[name].obstacle}",
            ),
        )
        for name in WORK
        if PROGRAMS[name].starts_processes or not processes
    ]


def assert_reported(result: Run) -> None:
    """Check that a run ended in time, cleanly, and did not pass for a success."""
    assert not result.timed_out, f"it hangs:\n{result.stderr}"
    reported = result.returncode or "injected" in result.stdout
    assert reported, f"it claims success:\n{result.stdout}\n{result.stderr}"
    assert not [name for name in result.leftovers if not name.startswith("an open")]


@pytest.mark.parametrize("program", workers(processes=False))
def test_work_that_raises_is_reported(program: Program, tmp_path: Path) -> None:
    faulty = with_fault(program, RAISES, tmp_path)
    result = runner.run(faulty, time_limit=LIMIT)
    assert_reported(result)
    assert "injected" in result.stdout + result.stderr


@pytest.mark.parametrize("program", workers(processes=True))
def test_a_killed_worker_is_reported(program: Program, tmp_path: Path) -> None:
    assert_reported(runner.run(with_fault(program, DIES, tmp_path), time_limit=LIMIT))


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_that_fails_in_another_way_is_an_outcome(name: str) -> None:
    """One item in five raises what nobody thought of; the others are done."""
    program = PROGRAMS[name]
    if program.obstacle:
        pytest.skip(f"{name} {program.obstacle}")
    handle = importlib.import_module(program.module).handle
    orders = ["1", "2", ("no", "text"), "4", "5"]
    found = handle(orders)
    outcomes = asyncio.run(found) if asyncio.iscoroutine(found) else found
    assert len(outcomes) == len(orders)
    assert "int() argument" in str(outcomes)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("name", sorted(NETWORK))
def test_a_server_that_misbehaves_is_reported(name: str, fault: Fault) -> None:
    with faulty_server(fault) as address:
        result = runner.run(PROGRAMS[name], server=address, time_limit=LIMIT)
    if (name, fault) in HARMLESS:
        assert result.complaint() == ""
    else:
        assert_reported(result)


def test_every_program_that_may_fail_has_its_fault() -> None:
    concurrent = {
        name
        for name, program in PROGRAMS.items()
        if CONCURRENT.search(program.path.read_text(encoding="utf-8"))
        or program.starts_processes
    }
    missing = concurrent - set(WORK) - set(ORDERS) - FAILING
    assert missing == set(), "name in WORK the function that their workers call"
    network = {name for name, program in PROGRAMS.items() if program.needs_server}
    assert network - NETWORK == set(), "add them to NETWORK"
    assert (set(WORK) | FAILING | NETWORK) - set(PROGRAMS) == set()
