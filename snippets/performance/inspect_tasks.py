# /// script
# requires-python = ">=3.14"
# ///
"""Look into a running asyncio program from outside: python -m asyncio pstree."""

import re
import subprocess
import sys

STUCK = """
import asyncio

async def read_reply():
    await asyncio.get_running_loop().create_future()

async def handle_order():
    await read_reply()

async def serve():
    async with asyncio.TaskGroup() as group:
        group.create_task(handle_order(), name="order 7")
        await asyncio.sleep(0)
        print("stuck", flush=True)

asyncio.run(serve())
"""
PLACE = re.compile(r" +/\S+$", re.MULTILINE)


def tree_of(process_id: int) -> str:
    """Return the tree of tasks of a process, without the places in files.

    Raises:
        PermissionError: if the system does not let this process look into that one.
    """
    command = [sys.executable, "-m", "asyncio", "pstree", str(process_id)]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=False
    )
    if result.returncode:
        hint = "run as root, or allow it by the sysctl kernel.yama.ptrace_scope=0"
        message = f"{result.stderr.strip()}: {hint}"
        raise PermissionError(message)
    return PLACE.sub("", result.stdout)


def main() -> None:
    """Start a program that gets stuck, look into it, and end it."""
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            if program.stdout:
                program.stdout.readline()  # it says when it is stuck
            print(tree_of(program.pid).strip())
        finally:
            program.kill()


if __name__ == "__main__":
    main()
