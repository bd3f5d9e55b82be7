# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy"]
# ///
"""Processes change a large array in place, in shared memory; nothing is pickled."""

import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

SIZE, WORKERS = 200_000, 2


def as_array(memory: SharedMemory) -> NDArray[np.float64]:
    """Return a view of the memory as an array of SIZE floats."""
    return np.ndarray((SIZE,), np.float64, memory.buf)


def take_roots(name: str, start: int, stop: int) -> int:
    """Replace some of the numbers by their square roots; return how many."""
    memory = SharedMemory(name)
    try:
        roots = np.sqrt(as_array(memory)[start:stop])
        as_array(memory)[start:stop] = roots  # no view is left when it is closed
        return stop - start
    finally:
        memory.close()


def transform(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the square roots of the numbers, computed by several processes."""
    memory = SharedMemory(create=True, size=numbers.nbytes)
    try:
        as_array(memory)[:] = numbers
        edges = [SIZE * n // WORKERS for n in range(WORKERS + 1)]
        with ProcessPoolExecutor(WORKERS) as pool:
            done = pool.map(take_roots, [memory.name] * WORKERS, edges, edges[1:])
            if sum(done) != SIZE:  # to ask for the results also raises what went wrong
                message = "not all numbers were replaced"
                raise RuntimeError(message)
        return as_array(memory).copy()
    finally:
        memory.close()
        memory.unlink()


def main() -> None:
    """Compare with one process."""
    numbers = np.arange(SIZE, dtype=np.float64)
    print(
        "same as in one process:", np.array_equal(transform(numbers), np.sqrt(numbers))
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
