"""Repeat the tests while other processes keep every core busy: nothing may flake.

Usage: python tests/measure/soak.py TIMES [argument of pytest ...]
"""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

SUMMARY = re.compile(r"^=*\s*(\d+ (?:passed|failed|error).*?)\s*=*$", re.MULTILINE)


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """Keep as many processes computing as there are cores."""
    endless = [sys.executable, "-c", "while True: pass"]
    burners = [subprocess.Popen(endless) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def repeat(times: int, arguments: list[str]) -> int:
    """Run the tests so many times; return how many runs failed, having shown them."""
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    failed = 0
    for number in range(1, times + 1):
        started = time.monotonic()
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
        if run.returncode:
            failed += 1
            print(run.stdout, run.stderr, sep="\n")
        said = SUMMARY.findall(run.stdout)
        print(
            f"[{number}/{times}] {said[-1] if said else 'no summary'}, "
            f"{seconds:.0f} s; {failed} of {number} runs failed",
            flush=True,
        )
    return failed


def main() -> int:
    """Read the command line; return the exit status."""
    if len(sys.argv) < 2 or not sys.argv[1].isdigit():
        print(__doc__, file=sys.stderr)
        return 2
    with busy_cores():
        return int(repeat(int(sys.argv[1]), sys.argv[2:]) > 0)


if __name__ == "__main__":
    sys.exit(main())
