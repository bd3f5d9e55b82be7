"""Coroutines handed to asyncio.wait() are refused, tasks are not."""

import asyncio


async def answer(number: int) -> int:
    """Return the square of a number."""
    return number * number


async def main_task() -> None:
    """Wait for coroutines, and then for tasks."""
    coroutines = [answer(number) for number in (1, 2)]
    try:
        await asyncio.wait(coroutines)  # type: ignore[type-var]  # what is refused
    except TypeError as error:
        print("coroutines:", error)
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    done, _ = await asyncio.wait(tasks, timeout=20)
    print("tasks:     ", sorted(task.result() for task in done))


def main() -> None:
    """Show both."""
    asyncio.run(main_task())


if __name__ == "__main__":
    main()
