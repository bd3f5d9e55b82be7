"""asyncio.run() where an event loop runs already, as in a notebook: what to do."""

import asyncio


async def answer() -> int:
    """Return an answer."""
    return 42


def library() -> int:
    """Call a coroutine for people who know nothing of asyncio."""
    coroutine = answer()
    try:
        return asyncio.run(coroutine)
    finally:
        coroutine.close()  # if it was refused, nobody else will


async def cell() -> None:
    """Do what a cell of a notebook does: run inside an event loop."""
    try:
        library()
    except RuntimeError as error:
        print("called:     ", error)
    print("awaited:    ", await answer())
    print("in a thread:", await asyncio.to_thread(library))


def main() -> None:
    """Run the cell, and the library by itself."""
    asyncio.run(cell())
    print("no loop yet:", library())


if __name__ == "__main__":
    main()
