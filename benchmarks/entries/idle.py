"""Open connections, each with one answer, and hold them. Run on its own, by any Python 3.

    idle.py ADDRESS PORT NUMBER SOURCE

They come from SOURCE, an address of ours. Prints how many are open, then waits for the end of its
input, asks on each again, and prints how many answered.
"""

import contextlib
import resource
import socket
import sys

_ASK = b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n"


def answered(connection: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        connection.sendall(_ASK)
        return connection.recv(4096).startswith(b"HTTP/1.1 200")
    return False


def main(address: str, port: int, number: int, source: str) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    held: list[socket.socket] = []
    with contextlib.suppress(OSError):
        for _ in range(min(number, most - 64)):
            connection = socket.create_connection((address, port), 30, (source, 0))
            if not answered(connection):
                break
            held.append(connection)
    print(len(held), flush=True)
    sys.stdin.read()
    print(sum(map(answered, held)), flush=True)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
