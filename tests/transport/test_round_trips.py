"""Number of times that a script waits for the network, measured through a slow line."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.transport.base import Transport
from tests.transport.conftest import Login
from tests.transport.sshd import PASSWORD, Sshd

ROUND_TRIP = 0.3


@contextmanager
def slow_line(port: int) -> Iterator[int]:
    """The port of a relay to ``port`` that holds all back for half a round trip each way."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    near, _ = server.accept()
                except OSError:
                    return
                far = socket.create_connection(("127.0.0.1", port))
                for source, target in ((near, far), (far, near)):
                    target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    held: queue.Queue[tuple[float, bytes]] = queue.Queue()
                    threading.Thread(target=take, args=(source, held), daemon=True).start()
                    threading.Thread(target=give, args=(held, target), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def take(source: socket.socket, held: "queue.Queue[tuple[float, bytes]]") -> None:
    data = b"-"
    while data:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        held.put((time.monotonic() + ROUND_TRIP / 2, data))


def give(held: "queue.Queue[tuple[float, bytes]]", target: socket.socket) -> None:
    with target:
        while True:
            due, data = held.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not data:
                return
            target.sendall(data)


def round_trips(transport: Transport, most: float) -> float:
    """Of a script; again until it was not more than ``most``, as a busy machine adds to the line's
    time and never takes from it."""
    end = time.monotonic() + 60
    while True:
        began = time.monotonic()
        assert transport.run("id -un").stdout == b"root\n"
        ended = time.monotonic()
        if (found := (ended - began) / ROUND_TRIP) < most or ended > end:
            return found


@pytest.mark.parametrize(("user", "most"), [("free", 3), ("asked", 4)])
def test_a_script_takes_three_and_a_password_one_more(
    sshd: Sshd,
    login: Login,
    tmp_path: Path,
    secret: Callable[[str], dict[str, str]],
    user: str,
    most: int,
) -> None:
    """A channel, a command, the script; between the last two the password, where there is one."""
    with slow_line(sshd.port) as port:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {sshd.host_key()}\n")
        settings = {"sudo_password": secret(PASSWORD)} if user == "asked" else {}
        transport = login(user=user, port=port, known_hosts_file=known, **settings)
        assert most - 0.1 < round_trips(transport, most + 0.9) < most + 0.9
        transport.close()
