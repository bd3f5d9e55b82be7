"""List, show, run, record and verify the programs of the guide."""

import argparse
import contextlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from snippets._tools import catalogue, classify, interpreters, loopback, new, record
from snippets._tools.bench import bench
from snippets._tools.bench.measurements import MeasurementError
from snippets._tools.catalogue import HTTPBIN, CatalogueError, Program
from snippets._tools.classify import ClassifyError
from snippets._tools.evidence import ledger
from snippets._tools.evidence.files import EvidenceError
from snippets._tools.evidence.ledger import LEDGER
from snippets._tools.evidence.problems import problems
from snippets._tools.loopback import LoopbackError
from snippets._tools.runs import runner, verify

PUBLIC = "https://httpbin.org"
CLOSED_PIPE = 141  # the exit status that a shell gives to what SIGPIPE has ended
NO_PSUTIL = (
    "error: classify needs psutil, and this Python has none: python -m pip install "
    "psutil, or: uv run --with psutil python -m snippets classify -- SCRIPT"
)
OF_CLASSIFY = """\
A script that still runs at the limit is ended as by Ctrl-C: it gets SIGINT and 5 s to
clean up, what is left of it SIGTERM, and SIGKILL 2 s later. (On Windows it is ended at
once.) A second Ctrl-C does not wait. The exit status is 0 if the script was measured,
also if it had to be ended; 1 if it failed or cannot be started; 2 if these arguments
are wrong or psutil is missing; 141 if nobody reads what is printed.
"""


def _list(_: argparse.Namespace) -> int:
    for program in catalogue.programs().values():
        print(f"{program.name:34} {program.sentence}")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    print(catalogue.find(arguments.name).path.read_text(encoding="utf-8"), end="")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    program = catalogue.find(arguments.name)
    served = program.needs_server and HTTPBIN not in os.environ
    lacking = interpreters.missing(program, served=served)
    if lacking or program.requires_python > sys.version_info[:2]:
        return _run_elsewhere(program, lacking, served=served)
    catalogue.check_obstacle(program)
    with contextlib.ExitStack() as stack:
        environment = dict(os.environ)
        if served:
            environment[HTTPBIN] = stack.enter_context(_local_server())
        return subprocess.run(
            [sys.executable, program.path], env=environment, check=False
        ).returncode


def _run_elsewhere(program: Program, lacking: list[str], *, served: bool) -> int:
    """Let a Python of this project that has what it needs run a program."""
    if python := interpreters.other(program, served=served):
        command = [str(python), "-m", "snippets", "run", program.name]
        return subprocess.run(command, cwd=catalogue.ROOT, check=False).returncode
    lacks = f"lacks {', '.join(lacking)}" if lacking else "is too old for it"
    newer = ".".join(map(str, program.requires_python))
    message = (
        f"{program.name} needs Python {newer} or newer"
        f"{''.join(f', {name}' for name in lacking)}; {sys.executable} {lacks}. "
        f"uv fetches what it takes: uv run {program.where}"
    )
    raise CatalogueError(message)


@contextlib.contextmanager
def _local_server() -> Iterator[str]:
    """Run the local HTTP server, or say what else could be done."""
    loopback.check()
    with contextlib.ExitStack() as stack:
        try:
            address = stack.enter_context(runner.local_server())
        except RuntimeError as error:
            message = f"{error}, see above; another will do: {HTTPBIN}={PUBLIC}"
            raise CatalogueError(message) from error
        yield address


def _record(arguments: argparse.Namespace) -> int:
    for line in record.record(arguments.names, timelines_only=arguments.timelines):
        print(line, flush=True)
    return 0


def _new(arguments: argparse.Namespace) -> int:
    written = new.begin(arguments.name)
    program, *added = (path.relative_to(catalogue.ROOT) for path in written)
    print("wrote", program)
    print(*(f"added to {path}, at its end" for path in added), sep="\n")
    name = catalogue.read(written[0]).name
    print(f"Write the program, and then: nox -s record -- {name}")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    chosen = catalogue.select(arguments.names)
    known = {} if arguments.all else ledger.load(arguments.ledger)
    if todo := verify.stale(chosen, known):
        loopback.check()
    runs = sum(len(verify.start_methods(program)) for program in todo)
    for number, verdict in enumerate(verify.run_all(todo), start=1):
        ledger.save(verdict.run, arguments.ledger)
        print(f"[{number:{len(str(runs))}}/{runs}] {verdict}", flush=True)
    known = ledger.load(arguments.ledger)
    found = [said for program in chosen for said in problems(program, known)]
    for program in chosen:
        if program.obstacle and not ledger.current(program, known):
            print(f"not verified here: {program.name} {program.obstacle}")
    for said in found:
        print(f"error: {said}", file=sys.stderr)
    return int(bool(found))


def _bench(arguments: argparse.Namespace) -> int:
    bench.run(arguments.names, arguments.repeats)
    return 0


def _classify(arguments: argparse.Namespace) -> int:
    script, *_ = arguments.script
    if not script.startswith("-") and not Path(script).is_file():
        message = f"there is no file {script}."
        raise CatalogueError(message)
    if importlib.util.find_spec("psutil") is None:
        print(NO_PSUTIL, file=sys.stderr)
        return 2
    from snippets._tools import usage  # noqa: PLC0415 - it needs psutil

    command = [arguments.python, *arguments.script]
    run = usage.measure(command, arguments.seconds)
    print("", *classify.report(run), sep="\n")
    return int(run.status != 0 and not run.ended)


ERRORS = (
    CatalogueError,
    ClassifyError,
    EvidenceError,
    LoopbackError,
    MeasurementError,
)
COMMANDS = (
    ("list", _list, "list every program with its sentence"),
    ("show", _show, "print the source of a program"),
    ("run", _run, "run a program, with the local HTTP server if it needs one"),
    ("record", _record, "run programs and write down what they print and do"),
    ("new", _new, "begin a program: its file, its place in a chapter, its test"),
    ("verify", _verify, "run programs that the ledger does not vouch for"),
    ("bench", _bench, "measure what the site draws as charts, on this machine"),
    ("classify", _classify, "run a script of yours, and say what it is bound by"),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m snippets", description=__doc__.splitlines()[0]
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, action, text in COMMANDS:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(action=action)
        _add_arguments(command, name)
    return parser


def _add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    add = command.add_argument
    if name in {"show", "run", "new"}:
        add("name", help="a program, such as basics/same_work")
    elif name in {"record", "verify"}:
        add("names", nargs="*", help="programs or chapters; all if none")
    if name == "record":
        add("--timelines", action="store_true", help="leave the outputs as they are")
    elif name == "verify":
        add("--all", action="store_true", help="whatever the ledger says")
        add("--ledger", type=Path, default=LEDGER, help="another ledger than usual")
    elif name == "bench":
        add("names", nargs="*", help="measurements; all if none")
        add("--repeats", type=int, default=bench.REPEATS, help="runs of each case")
    elif name == "classify":
        add("--python", default=sys.executable, help="the Python that runs it")
        text = "to let it run, at most: 60 if not given, inf for ever"
        add("--seconds", type=_seconds, default=60.0, help=text)
        add("script", nargs="+", help="after --: the script and its arguments")
        command.epilog = OF_CLASSIFY


def _seconds(text: str) -> float:
    """Read a time limit.

    Raises:
        argparse.ArgumentTypeError: if it is no time, or none at all.
    """
    with contextlib.suppress(ValueError):
        if (seconds := float(text)) > 0:  # which is not true of nan either
            return seconds
    message = f"{text} is no number of seconds above 0"
    raise argparse.ArgumentTypeError(message)


def main() -> int:
    """Read the command line and do what it says; return the exit status."""
    arguments = _parser().parse_args()
    try:
        status = int(arguments.action(arguments))
        sys.stdout.flush()
    except ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was done until now is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # such as of: ... | head -1
        # Python writes what is left when it ends; let it go where it does not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    return status


if __name__ == "__main__":
    sys.exit(main())
