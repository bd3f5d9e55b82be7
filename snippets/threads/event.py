"""Tell a thread to stop, and wake it from its sleep to do so."""

import signal
import threading


def poll(stop: threading.Event, first_round: threading.Event) -> None:
    """Look for work every ten minutes, until told to stop."""
    rounds = 0
    while True:
        rounds += 1
        first_round.set()
        if stop.wait(timeout=600):  # sleeps, but not through the signal
            break
    print("poller: told to stop, after", rounds, "round")


def main() -> None:
    """Start the poller, let it look once, and stop it."""
    stop, first_round = threading.Event(), threading.Event()
    poller = threading.Thread(target=poll, args=(stop, first_round))
    poller.start()
    first_round.wait(timeout=20)
    print("main: stop, please")
    stop.set()
    poller.join()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
