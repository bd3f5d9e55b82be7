"""Wait until something is true, not until somebody guesses that it is."""

import threading


class Turnstile:
    """Counts who came through; lets others wait for a number of them."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.passed = 0
        self.changed = threading.Condition()

    def enter(self) -> None:
        """Come through, and wake whoever waits, to look again."""
        with self.changed:
            self.passed += 1
            self.changed.notify_all()

    def wait_for(self, number: int) -> int:
        """Block until so many have come through; return how many have by then."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.passed >= number, timeout=20):
                message = f"only {self.passed} of {number} came"
                raise TimeoutError(message)
            return self.passed


def main() -> None:
    """Let three visitors come through while the guide waits for all of them."""
    turnstile = Turnstile()
    visitors = [threading.Thread(target=turnstile.enter) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    print("the tour begins with", turnstile.wait_for(3), "visitors")
    for visitor in visitors:
        visitor.join()


if __name__ == "__main__":
    main()
