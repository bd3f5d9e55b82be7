"""What happens to a script without a __main__ guard where processes are spawned."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

WITHOUT_GUARD = """\
import multiprocessing

def greet():
    print("hello from the child", flush=True)

def main():
    multiprocessing.set_start_method("spawn", force=True)
    child = multiprocessing.Process(target=greet)
    child.start()
    child.join()

main()
"""
WITH_GUARD = WITHOUT_GUARD.replace("\nmain()", '\nif __name__ == "__main__": main()')


def run(script: str) -> tuple[str, str]:
    """Run a script from a file; return what it wrote to its output and its errors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.py")
        path.write_text(script, encoding="utf-8")
        command = [sys.executable, str(path)]
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=False
        )
    return result.stdout, result.stderr


def first_sentence(errors: str) -> str:
    r"""Return what the RuntimeError says first, on one line.

    >>> first_sentence("RuntimeError: An attempt\n   has been made. Probably")
    'An attempt has been made.'
    """
    text = " ".join(errors.partition("RuntimeError:")[2].split())
    return text.partition(".")[0] + "."


def main() -> None:
    """Run the script without its guard, and with it."""
    print("without:", first_sentence(run(WITHOUT_GUARD)[1]))
    print("with:   ", run(WITH_GUARD)[0], end="")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
