"""Two processes fill one array in shared memory, which is closed and unlinked."""

import multiprocessing
import signal
import sys
from multiprocessing.shared_memory import SharedMemory

SIZE, ITEM = 1000, 8  # numbers, and the bytes of each


def as_array(memory: SharedMemory) -> memoryview:
    """Return a view of the memory as 64-bit integers."""
    assert memory.buf is not None  # it is, once the memory is closed
    return memory.buf.cast("q")


def fill(name: str, start: int, stop: int) -> None:
    """Write the squares of some numbers in their places; nothing is sent back."""
    memory = SharedMemory(name)
    try:
        with as_array(memory) as array:
            for number in range(start, stop):
                array[number] = number * number
    finally:
        memory.close()  # this process is done with it


def total(workers: int) -> int:
    """Return the sum of the array when all workers have filled their parts."""
    memory = SharedMemory(create=True, size=SIZE * ITEM)
    try:
        edges = [SIZE * n // workers for n in range(workers + 1)]
        processes = [
            multiprocessing.Process(
                target=fill, args=(memory.name, *edges[n : n + 2]), daemon=True
            )
            for n in range(workers)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            message = "a worker failed, the array is not complete"
            raise RuntimeError(message)
        with as_array(memory) as array:
            return sum(array[:SIZE])
    finally:
        memory.close()
        memory.unlink()  # once, by the one who made it: else it outlives the program


def main() -> None:
    """Add up what two workers wrote."""
    print("sum of the squares:", total(workers=2))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    main()
