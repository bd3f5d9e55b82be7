"""Four threads wait for four replies at once, although only one can hold the GIL.

Output: figures vary.
"""

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

CLIENTS = 4


def serve(listener: socket.socket, clients: int) -> None:
    """Answer when all the clients have asked: one alone would wait for ever."""
    connections = [listener.accept()[0] for _ in range(clients)]
    time.sleep(0.1)  # the server is slow, too
    for connection in connections:
        with connection:
            connection.sendall(b"reply")


def ask(port: int) -> bytes:
    """Connect to the server and block until it answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        return connection.recv(100)


def main() -> None:
    """Ask with one thread for each client, and account for the time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)  # a client that fails does not come
        port = listener.getsockname()[1]
        server = threading.Thread(target=serve, args=(listener, CLIENTS))
        server.start()
        started, cpu_started = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(CLIENTS) as pool:
            replies = list(pool.map(ask, [port] * CLIENTS))
        elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu_started
        server.join()
    print(f"{len(replies)} replies   elapsed {elapsed:.3f} s   CPU {cpu:.3f} s")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends all threads
    main()
