"""What a notebook's function is to a spawned process: a name that nobody can import."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

FUNCTION = """\
def greet():
    print("hello from the child", flush=True)
"""
START = """\
import multiprocessing
if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=greet)
    child.start()
    child.join()
"""


def run(cell: str, module: str = "") -> str:
    """Run a cell, which is in no file, beside tasks.py; return all that it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tasks.py").write_text(module, encoding="utf-8")
        result = subprocess.run(
            [sys.executable, "-c", cell],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=20,
            check=False,
        )
    return result.stdout


def error(text: str) -> str:
    r"""Return the name of the exception that a traceback ends with.

    >>> error("Traceback: ...\nAttributeError: no such name\n")
    'AttributeError'
    """
    return text.splitlines()[-1].partition(":")[0]


def main() -> None:
    """Define the function in the cell, and then in a module that the cell imports."""
    print("in the cell:", error(run(FUNCTION + START)))
    print("in a module:", run("from tasks import greet\n" + START, FUNCTION), end="")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
