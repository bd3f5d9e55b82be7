"""Whether programs of this machine can talk to each other."""

import socket

PATIENCE = 2.0  # seconds


class LoopbackError(Exception):
    """They cannot; the text says what to do."""


def check() -> None:
    """Connect to this machine from this machine, over 127.0.0.1.

    Raises:
        LoopbackError: if that cannot be done, as in some containers.
    """
    try:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            address = listening.getsockname()[:2]
            socket.create_connection(address, timeout=PATIENCE).close()
    except OSError as error:
        message = (
            "no program can talk to another one on this machine, over 127.0.0.1 "
            f"({error.strerror or error}); on Linux this may help: ip link set lo up"
        )
        raise LoopbackError(message) from error
