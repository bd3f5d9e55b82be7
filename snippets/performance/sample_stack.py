# /// script
# requires-python = ">=3.11"
# dependencies = ["py-spy"]
# ///
"""Look into a running program that knows nothing of it: py-spy dump."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

STUCK = """
import sys

def wait_for_reply():
    print("stuck", flush=True)
    sys.stdin.read()

def handle_order():
    wait_for_reply()

handle_order()
"""
CALL = re.compile(r"^ +(?P<function>\S+) \(", re.MULTILINE)


def stack_of(process_id: int) -> list[str]:
    """Return the functions on the stack of a process, the innermost first.

    Raises:
        PermissionError: if the system does not let this process look into that one.
    """
    py_spy = Path(sysconfig.get_path("scripts"), "py-spy")
    command = [str(py_spy), "dump", "--pid", str(process_id)]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=False
    )
    if result.returncode:
        hint = "run as root, or allow it by the sysctl kernel.yama.ptrace_scope=0"
        message = f"{result.stderr.strip()}: {hint}"
        raise PermissionError(message)
    return [call["function"] for call in CALL.finditer(result.stdout)]


def main() -> None:
    """Start a program that gets stuck, look into it, and end it."""
    with subprocess.Popen(
        [sys.executable, "-c", STUCK],
        stdin=subprocess.PIPE,  # ends with this process, and so does what reads it
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            if program.stdout:
                program.stdout.readline()  # it says when it is stuck
            stack = stack_of(program.pid)
        finally:
            program.kill()
    print(" < ".join(stack[stack.index("wait_for_reply") :]))  # below: threading's own


if __name__ == "__main__":
    main()
