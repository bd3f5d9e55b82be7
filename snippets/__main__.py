"""List, show, run and record the programs of the guide.

Usage: python -m snippets list | show NAME | run NAME | record [NAME or CHAPTER ...]
"""

import argparse
import contextlib
import os
import subprocess
import sys

from snippets import catalogue, output, runner
from snippets.catalogue import HTTPBIN, CatalogueError, Program

RUNS_TO_RECORD = 3  # one run cannot tell what varies


def _list(_: argparse.Namespace) -> int:
    for program in catalogue.programs().values():
        print(f"{program.name:34} {program.sentence}")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    print(catalogue.find(arguments.name).path.read_text(encoding="utf-8"), end="")
    return 0


def _check_python(program: Program) -> None:
    if not program.runs_on(sys.version_info[:2]):
        needed, have = (
            ".".join(map(str, v))
            for v in (program.requires_python, sys.version_info[:2])
        )
        message = f"{program.name} needs Python {needed}, and this is {have}."
        raise CatalogueError(message)


def _run(arguments: argparse.Namespace) -> int:
    program = catalogue.find(arguments.name)
    _check_python(program)
    with contextlib.ExitStack() as stack:
        environment = dict(os.environ)
        if program.needs_server and HTTPBIN not in environment:
            environment[HTTPBIN] = stack.enter_context(runner.local_server())
        return subprocess.run(
            [sys.executable, program.path], env=environment, check=False
        ).returncode


def _record(arguments: argparse.Namespace) -> int:
    programs = catalogue.select(arguments.names)
    with contextlib.ExitStack() as stack:
        server = None
        if any(program.needs_server for program in programs):
            server = stack.enter_context(runner.local_server())
        for program in programs:
            _check_python(program)
            program.output.write_text(_agreed_output(program, server), encoding="utf-8")
            print(f"recorded {program.name}, {program.comparison}")
    return 0


def _agreed_output(program: Program, server: str | None) -> str:
    """Return the last of several outputs, if all of them are the same as compared.

    Raises:
        CatalogueError: if a run fails, or if two differ in more than the program says.
    """
    previous = None
    for _ in range(RUNS_TO_RECORD):
        result = runner.run(program, server=server)
        if complaint := result.complaint():
            message = f"{program.name} {complaint}"
            raise CatalogueError(message)
        if previous is not None:
            difference = output.difference(previous, result.stdout, program.comparison)
            if difference:
                choices = "; ".join(
                    f"`Output: {phrase}.`" for phrase in catalogue.PHRASES
                )
                message = (
                    f"{program.name}, {program.comparison}, varies:\n"
                    f"{difference}\n"
                    f"Make them the same, or end its docstring with one of {choices}."
                )
                raise CatalogueError(message)
        previous = result.stdout
    assert previous is not None
    return previous


def main() -> int:
    """Read the command line and do what it says; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m snippets", description=__doc__.splitlines()[0]
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, action, text in (
        ("list", _list, "list every program with its sentence"),
        ("show", _show, "print the source of a program"),
        ("run", _run, "run a program, with the local HTTP server if it needs one"),
        ("record", _record, "run programs and write their recorded outputs"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(action=action)
        if name in {"show", "run"}:
            command.add_argument("name", help="a program, such as basics/same_work")
        elif name == "record":
            command.add_argument(
                "names", nargs="*", help="programs or chapters; all if none"
            )
    arguments = parser.parse_args()
    try:
        return int(arguments.action(arguments))
    except CatalogueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
