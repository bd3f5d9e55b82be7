"""Find the call that freezes the event loop, by asyncio's debug mode.

Output: figures vary.
"""

import asyncio
import logging
import re
import time

SLOW = re.compile(
    r"coro=<(?P<name>\w+)\(.* took (?P<seconds>[\d.]+) seconds", re.DOTALL
)


class SlowSteps(logging.Handler):
    """Collects what debug mode says about steps that held the loop too long."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.found: list[tuple[float, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the seconds and the coroutine of a record, if it is of that kind."""
        if step := SLOW.search(record.getMessage()):
            self.found.append((float(step["seconds"]), step["name"]))


async def polite() -> None:
    """Wait in the way that lets others run."""
    await asyncio.sleep(0.01)


async def rude() -> None:
    """Wait in the way that stops everybody."""
    time.sleep(0.3)  # noqa: ASYNC251 - the fault that is to be found


async def serve() -> None:
    """Run both; let debug mode speak up from a fifth of a second."""
    asyncio.get_running_loop().slow_callback_duration = 0.2
    async with asyncio.TaskGroup() as group:
        group.create_task(polite())
        group.create_task(rude())


def main() -> None:
    """Print the step that held the loop longest."""
    steps, logger = SlowSteps(), logging.getLogger("asyncio")
    logger.addHandler(steps)
    asyncio.run(serve(), debug=True)
    logger.removeHandler(steps)
    seconds, name = max(steps.found)
    print(f"{name}() held the loop for {seconds:.2f} s")


if __name__ == "__main__":
    main()
