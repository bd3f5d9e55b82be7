"""Lead from four answers to a model, the reason for it, and what to watch for."""

from typing import NamedTuple

QUESTIONS = {
    "What does the work do, most of the time?": (
        "it waits",
        "it computes in Python",
        "it computes in C",
        "both in turn",
    ),
    "How much of it at once?": ("up to a hundred", "thousands"),
    "Do the pieces change the same data?": ("nothing shared", "shared data"),
    "On how many machines?": ("one machine", "several machines"),
}


class Rule(NamedTuple):
    """What to take if all of these answers were given."""

    answers: tuple[str, ...]
    model: str
    because: str
    beware: str
    program: str


RULES = (  # the first that fits counts
    Rule(
        ("several machines",),
        "a cluster, such as Dask",
        "nothing else crosses the border of a machine",
        "machines and networks fail; measure on one of them first",
        "choosing/same_code",
    ),
    Rule(
        ("it waits", "up to a hundred", "nothing shared"),
        "a pool of threads",
        "it is ordinary code, and the GIL is free while it waits",
        "an exception is seen only where the result is asked for",
        "threads/thread_pool",
    ),
    Rule(
        ("it waits", "up to a hundred", "shared data"),
        "threads and a lock",
        "threads see the same data, and may be stopped between any two steps",
        "the check and what follows from it belong under one lock",
        "threads/bank_account",
    ),
    Rule(
        ("it waits", "thousands", "nothing shared"),
        "asyncio",
        "a task is an object, a thread has a stack besides",
        "one blocking call stops every task",
        "coroutines/fetch_pages",
    ),
    Rule(
        ("it waits", "thousands", "shared data"),
        "asyncio and a queue",
        "tasks change places only where they await, and a queue hands over whole items",
        "what was read before an await may have changed after it",
        "coroutines/queue_cured",
    ),
    Rule(
        ("it computes in Python", "nothing shared"),
        "a pool of processes",
        "each process has an interpreter and a GIL of its own",
        "arguments and results are pickled: send ranges, not data",
        "processes/pool_sum",
    ),
    Rule(
        ("it computes in Python", "shared data"),
        "processes and shared memory",
        "processes share nothing else",
        "it holds bytes, not objects; let each process write to its own part",
        "processes/shared_array",
    ),
    Rule(
        ("it computes in C", "nothing shared"),
        "a pool of threads",
        "C code that releases the GIL runs on several cores, and nothing is copied",
        "not all C code releases it: measure with two threads",
        "basics/gil_hashing",
    ),
    Rule(
        ("it computes in C", "shared data"),
        "threads and a lock",
        "threads see the same arrays, and nothing is copied",
        "a change in several steps needs one lock around all of them",
        "pitfalls/locked_update",
    ),
    Rule(
        ("both in turn",),
        "two stages and a queue",
        "what waits and what computes get a model each, and work at the same time",
        "bound the queue, or the faster stage fills the memory",
        "threads/bounded_queue",
    ),
)


def choose(*answers: str) -> Rule:
    """Return the first rule that fits the answers, one to each question.

    Raises:
        ValueError: if a question has no answer here, or several.

    >>> choose("it waits", "thousands", "nothing shared", "one machine").model
    'asyncio'
    >>> choose("it waits", "thousands", "nothing shared")
    Traceback (most recent call last):
    ValueError: On how many machines? Answer one of: one machine, several machines
    """
    for question, choices in QUESTIONS.items():
        if len(set(choices).intersection(answers)) != 1:
            message = f"{question} Answer one of: {', '.join(choices)}"
            raise ValueError(message)
    return next(rule for rule in RULES if set(rule.answers) <= set(answers))


def main() -> None:
    """Show where the answers lead."""
    for rule in RULES:
        print(f"{', '.join(rule.answers)}: {rule.model} ({rule.program})")


if __name__ == "__main__":
    main()
