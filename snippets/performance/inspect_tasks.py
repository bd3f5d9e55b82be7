# /// script
# requires-python = ">=3.14"
# ///
"""Look into a running asyncio program from outside: python -m asyncio pstree."""

import re
import subprocess
import sys

STUCK = """
import asyncio
import sys

async def read_reply():
    await asyncio.get_running_loop().create_future()

async def handle_order():
    await read_reply()

async def serve():
    asyncio.get_running_loop().add_reader(sys.stdin, sys.exit)  # at its end
    async with asyncio.TaskGroup() as group:
        group.create_task(handle_order(), name="order 7")
        await asyncio.sleep(0)
        print("stuck", flush=True)

asyncio.run(serve())
"""
PLACE = re.compile(r" +/.+$", re.MULTILINE)


def ask(question: str, process_id: int) -> str:
    """Return what `python -m asyncio`, with ps or pstree, says about a process.

    Raises:
        PermissionError: if the system does not let this process look into that one.
    """
    command = [sys.executable, "-m", "asyncio", question, str(process_id)]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=False
    )
    if result.returncode:
        hint = "run as root, or allow it by the sysctl kernel.yama.ptrace_scope=0"
        message = f"{result.stderr.strip()}: {hint}"
        raise PermissionError(message)
    return result.stdout


def tasks(table: str) -> list[str]:
    r"""Return the name of each task of a table, and where it stands.

    >>> tasks("tid  task id  name  stack\n---\n7  0x7f  order 7  read -> handle  ...")
    ['order 7: read -> handle']
    """
    rows = [re.split(r"\s{2,}", row) for row in table.strip().splitlines()[2:]]
    return [f"{name}: {stack}" for _, _, name, stack, *_ in rows]


def main() -> None:
    """Start a program that gets stuck, look into it twice, and end it."""
    with subprocess.Popen(
        [sys.executable, "-c", STUCK],
        stdin=subprocess.PIPE,  # ends with this process, and so does what reads it
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            if program.stdout:
                program.stdout.readline()  # it says when it is stuck
            print("ps, in part:", *tasks(ask("ps", program.pid)), sep="\n    ")
            print(
                "pstree:", PLACE.sub("", ask("pstree", program.pid)).rstrip(), sep="\n"
            )
        finally:
            program.kill()


if __name__ == "__main__":
    main()
