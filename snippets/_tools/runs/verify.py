"""Verify programs: run each as a reader would, and compare what it prints."""

import contextlib
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from snippets._tools.catalogue import Program
from snippets._tools.evidence import ledger, recordings
from snippets._tools.evidence.ledger import Ledger, Run
from snippets._tools.runs import output, runner


@dataclass(frozen=True)
class Verdict:
    """How a run of a program went; ``complaint`` is empty if it went well."""

    program: Program
    run: Run
    complaint: str

    def __str__(self) -> str:
        """Say it in a line, or with what is wrong."""
        method = f" ({self.run.start_method})" if self.run.start_method else ""
        if self.complaint:
            return f"{self.program.where}{method} {self.complaint}"
        return f"{self.program.name}{method} {self.run.seconds:.2f} s"


def start_methods(program: Program) -> list[str | None]:
    """Return the ways to start processes that a program has to be run with."""
    if program.starts_processes:
        return [*multiprocessing.get_all_start_methods()]
    return [None]


def check(program: Program, start_method: str | None, server: str | None) -> Verdict:
    """Run a program once and compare what it prints with what was recorded."""
    before = ledger.ran(program, start_method, passed=False, seconds=0.0)
    result = runner.run(program, start_method=start_method, server=server)
    complaint = result.complaint() or _difference(program, result.stdout)
    # What was run is what it was before: somebody may have saved it meanwhile.
    run = replace(
        before,
        outcome="failed" if complaint else "passed",
        seconds=round(result.seconds, 2),
        unchecked=result.unchecked,
    )
    return Verdict(program, run, complaint)


def _difference(program: Program, printed: str) -> str:
    if not program.output.exists():
        return f"has no output yet; {recordings.cure_of(program)}"
    recorded = program.output.read_text(encoding="utf-8")
    difference = output.difference(recorded, printed, program.comparison)
    if not difference:
        return ""
    return (
        f"no longer prints what is recorded ({program.comparison}):\n{difference}\n"
        f"If the new output is right, {recordings.cure_of(program)}"
    )


def stale(programs: list[Program], known: Ledger) -> list[Program]:
    """Return the programs that the ledger does not vouch for, and that can be run."""
    return [
        program
        for program in programs
        if not program.obstacle and ledger.complaint(program, known)
    ]


def run_all(programs: list[Program], at_once: int | None = None) -> Iterator[Verdict]:
    """Run programs, by default as many at once as there are cores; yield each result.

    A program that starts processes is run with each start method.
    """
    with contextlib.ExitStack() as stack:
        server = None
        if any(program.needs_server for program in programs):
            server = stack.enter_context(runner.local_server())
        pool = ThreadPoolExecutor(at_once or os.cpu_count())
        stack.callback(pool.shutdown, cancel_futures=True)
        futures: list[Future[Verdict]] = [
            pool.submit(check, program, method, server)
            for program in programs
            for method in start_methods(program)
        ]
        for future in as_completed(futures):
            yield future.result()
