"""Two threads and two locks: each holds one and waits for the other, every time."""

import signal
import sys
import threading
import time
import traceback


def take(lock: threading.Lock, give_up: threading.Event) -> bool:
    """Wait for a lock, for ever unless told to give up; tell whether it was taken."""
    while not lock.acquire(timeout=0.02):
        if give_up.is_set():
            return False
    return True


def worker(
    first: threading.Lock,
    second: threading.Lock,
    both_hold: threading.Barrier,
    give_up: threading.Event,
) -> None:
    """Take one lock, and then the other while still holding the first."""
    with first:
        both_hold.wait(timeout=20)
        if take(second, give_up):
            second.release()


def where_it_waits(thread: threading.Thread) -> list[str]:
    """Return the calls of this file in which a thread waits for its second lock."""
    while True:
        frame = sys._current_frames()[thread.ident or 0]
        calls = [f for f in traceback.extract_stack(frame) if f.filename == __file__]
        if "acquire" in (calls[-1].line or ""):
            return [f"{call.name}: {call.line}" for call in calls]
        time.sleep(0.001)  # it is on its way there, or looks whether to give up


def main() -> None:
    """Start the two, see that they do not end, and show where they stand."""
    knife, board = threading.Lock(), threading.Lock()
    both_hold, give_up = threading.Barrier(3), threading.Event()
    orders = {"left": (knife, board), "right": (board, knife)}
    workers = [
        threading.Thread(target=worker, name=name, args=(*locks, both_hold, give_up))
        for name, locks in orders.items()
    ]
    for thread in workers:
        thread.start()
    both_hold.wait(timeout=20)
    for thread in workers:
        thread.join(timeout=0.1)
        if thread.is_alive():
            print(f"{thread.name} is stuck:", *where_it_waits(thread), sep="\n    ")
    give_up.set()
    for thread in workers:
        thread.join()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
