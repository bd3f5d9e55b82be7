"""Stop at a signal where the event loop cannot handle signals, as on Windows."""

import asyncio
import signal
from collections.abc import Callable


class LoopWithoutSignals(asyncio.SelectorEventLoop):
    """An event loop that has of add_signal_handler() what those of Windows have."""

    def add_signal_handler(
        self, sig: int, callback: Callable[..., object], *args: object
    ) -> None:
        """Refuse."""
        asyncio.AbstractEventLoop.add_signal_handler(self, sig, callback, *args)


def on_signal(number: signal.Signals, action: Callable[[], object]) -> str:
    """Let the running loop do something at a signal; tell how it hears of it."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, action)
    except NotImplementedError as error:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(action))
        return f"{type(error).__name__}, so by signal.signal()"
    return "by add_signal_handler()"


async def serve() -> str:
    """Serve until the signal comes; tell how it came."""
    stop = asyncio.Event()
    way = on_signal(signal.SIGTERM, stop.set)
    signal.raise_signal(signal.SIGTERM)  # as somebody else would, by kill
    async with asyncio.timeout(20):
        await stop.wait()
    return way


def main() -> None:
    """Stop on the loop of this system, and on one without signals."""
    before = signal.getsignal(signal.SIGTERM)
    for place, factory in {
        "here:         ": asyncio.SelectorEventLoop,
        "as on Windows:": LoopWithoutSignals,
    }.items():
        with asyncio.Runner(loop_factory=factory) as runner:
            print(place, runner.run(serve()))
    signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    main()
