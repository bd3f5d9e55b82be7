"""Two processes talk by a pipe: one asks, the other answers."""

import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection


def answer(questions: Connection) -> None:
    """Answer each question with its length, until None comes."""
    with questions:
        while (question := questions.recv()) is not None:
            questions.send(len(question))


def main() -> None:
    """Ask two questions and say goodbye."""
    here, there = multiprocessing.Pipe()
    child = multiprocessing.Process(target=answer, args=(there,), daemon=True)
    child.start()
    there.close()  # this end is the child's now
    with here:
        for question in ("fork", "forkserver"):
            here.send(question)
            print(question, here.recv() if here.poll(timeout=20) else "no answer")
        here.send(None)
    child.join()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
