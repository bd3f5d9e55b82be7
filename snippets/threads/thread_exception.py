"""An exception in a thread goes to a hook, one in a pool waits in the future."""

import threading
from concurrent.futures import ThreadPoolExecutor


def fail() -> None:
    """Raise, as the work of a thread may."""
    message = "no such order"
    raise LookupError(message)


def report(args: threading.ExceptHookArgs) -> None:
    """Print what Python would otherwise write to standard error, with a traceback."""
    name = args.thread.name if args.thread else "a thread"
    print(f"hook: {name} died of {args.exc_value!r}")


def in_a_thread() -> None:
    """Let a thread die; nothing is raised here."""
    hook, threading.excepthook = threading.excepthook, report
    try:
        thread = threading.Thread(target=fail, name="worker-1")
        thread.start()
        thread.join()
        print("thread: join() returned as if nothing had happened")
    finally:
        threading.excepthook = hook


def in_a_pool() -> None:
    """Let a task fail; nothing is raised until somebody asks."""
    with ThreadPoolExecutor() as pool:
        future = pool.submit(fail)
    print("pool: closed, and not a word of the failure")
    try:
        future.result()
    except LookupError as error:
        print(f"future: result() raised {error!r}")


def main() -> None:
    """Show both."""
    in_a_thread()
    in_a_pool()


if __name__ == "__main__":
    main()
