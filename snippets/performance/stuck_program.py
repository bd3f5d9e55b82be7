"""Show where every thread of a stuck program stands, with faulthandler."""

import faulthandler
import re
import signal
import tempfile
import threading

CALL = re.compile(r'File "[^"]*", line \d+ in (?P<function>\S+)')


def wait_for_reply(asked: threading.Event, reply: threading.Event) -> None:
    """Wait for a reply that does not come."""
    asked.set()
    reply.wait(timeout=20)


def dump() -> str:
    """Return the stacks of all threads, as faulthandler writes them to a file."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read()


def calls(stacks: str) -> list[str]:
    """Return the functions of a dump, the innermost of each thread first.

    >>> calls('  File "a.py", line 3 in wait   File "a.py", line 9 in main')
    ['wait', 'main']
    """
    return [call["function"] for call in CALL.finditer(stacks)]


def main() -> None:
    """Let a worker get stuck, look at it, and help it out."""
    asked, reply = threading.Event(), threading.Event()
    worker = threading.Thread(target=wait_for_reply, args=(asked, reply))
    worker.start()
    asked.wait(timeout=20)
    found = calls(dump())
    for function in ("wait_for_reply", "dump", "main"):
        print(
            f"{function:15}", "is on a stack" if function in found else "is not there"
        )
    reply.set()
    worker.join()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
