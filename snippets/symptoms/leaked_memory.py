"""Shared memory that is closed but not unlinked: the resource tracker complains."""

import re
import signal
import subprocess
import sys

CLOSED = """\
from multiprocessing.shared_memory import SharedMemory

memory = SharedMemory(create=True, size=16)
try:
    memory.buf[0] = 1
finally:
    memory.close()
"""
UNLINKED = CLOSED + "    memory.unlink()\n"


def complaint(script: str) -> str:
    """Run a script; return what the resource tracker says after its end."""
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    found = re.search(r"There appear .* at shutdown", result.stderr)
    return found[0] if found else "no complaint"


def main() -> None:
    """Run both scripts, which differ by one line."""
    print("closed:  ", complaint(CLOSED))
    print("unlinked:", complaint(UNLINKED))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
