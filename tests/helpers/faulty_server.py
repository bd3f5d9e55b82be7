"""A server that misbehaves in one way, whatever it is asked."""

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum


class Fault(StrEnum):
    """What a server does wrong."""

    REFUSED = "refuses every connection"
    STALLED = "takes the request, and never answers"
    RESET = "resets the connection in mid-answer"
    BUSY_TWICE = "answers 503 twice, then as it should"
    ENDLESS = "sends a body that never ends"
    NO_TEXT = "sends what is not the text it says it is"
    BAD_GZIP = "sends what cannot be unpacked"


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD = (
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8"
)
ANSWERS = {
    Fault.RESET: HEAD + b"\r\nContent-Length: 1000\r\n\r\nhalf of it",
    Fault.NO_TEXT: HEAD + b"\r\nContent-Length: 3\r\n\r\n\xff\xfe\x00",
    Fault.BAD_GZIP: HEAD
    + b"\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
}
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no seconds


class Server(socketserver.ThreadingTCPServer):
    """Misbehaves until it is told to stop."""

    daemon_threads = True

    def __init__(self, fault: Fault) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), Answer)
        self.fault = fault
        self.stop = threading.Event()
        self.requests: Counter[bytes] = Counter()


class Answer(socketserver.StreamRequestHandler):
    """Answers one request."""

    server: Server

    def handle(self) -> None:
        """Read the request and do what is wrong."""
        path = self.rfile.readline().split()[1:2]
        while self.rfile.readline().strip():
            pass
        with contextlib.suppress(ConnectionError):
            self.misbehave(b"".join(path))

    def misbehave(self, path: bytes) -> None:
        """Answer as the fault has it."""
        fault = self.server.fault
        if fault == Fault.STALLED:
            self.server.stop.wait()
        elif fault == Fault.ENDLESS:
            self.wfile.write(HEAD + b"\r\n\r\n")
            while not self.server.stop.is_set():
                self.wfile.write(b"more " * 2000)
                time.sleep(0.001)
        elif fault == Fault.BUSY_TWICE:
            self.server.requests[path] += 1
            self.wfile.write(GOOD if self.server.requests[path] > 2 else BUSY)
        else:
            self.wfile.write(ANSWERS[fault])
            if fault == Fault.RESET:
                self.wfile.flush()
                option = socket.SOL_SOCKET, socket.SO_LINGER
                self.connection.setsockopt(*option, RESET_AT_ONCE)


@contextlib.contextmanager
def faulty_server(fault: Fault) -> Iterator[str]:
    """Run a server that misbehaves; yield its address."""
    with Server(fault) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        if fault == Fault.REFUSED:
            server.server_close()
            yield address
            return
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield address
        finally:
            server.stop.set()
            server.shutdown()
            thread.join()
