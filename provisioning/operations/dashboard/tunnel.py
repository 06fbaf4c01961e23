"""A tunnel to a monitoring host's Prometheus, by the OpenSSH client: it knows a person's agent,
keys and jump hosts, and asks for a passphrase at the terminal."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ...model.derived.resolve import connection_of
from ...transport.openssh import tunnel_command
from ..cluster.cluster import Cluster
from ..errors import OperationError
from .boards import Watcher

_PATIENCE = 120.0
"""Seconds for the connection; a person may have to type a passphrase."""
_LOOK = 0.05


def command_for(cluster: Cluster, watcher: Watcher, local_port: int) -> list[str]:
    """Words that open a tunnel. Raises ``TransportError``."""
    connection = connection_of(cluster.inventory, watcher.host)
    return tunnel_command(connection, cluster.base_dir, local_port, watcher.place)


def local_port_for(watcher: Watcher) -> int:
    """A free port of this machine; the one that Prometheus has, where it is free."""
    for wanted in (watcher.port, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", wanted)) as free:
            port: int = free.getsockname()[1]
            return port
    raise OperationError("no port is free on 127.0.0.1")


@contextmanager
def tunnel(
    cluster: Cluster, watcher: Watcher, local_port: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """A tunnel that stands, for the time of the block. Raises ``OperationError``."""
    words = command_for(cluster, watcher, local_port)
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        text = "no `ssh` here; install it: apt-get install openssh-client"
        raise OperationError(text) from None
    try:
        _wait(process, watcher, local_port)
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", watcher: Watcher, local_port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", local_port), 1):
            return
        time.sleep(_LOOK)
    raise OperationError(
        f"{watcher.host}: no tunnel to {watcher.place}: see what ssh says above, and"
        f" `cluster ssh {watcher.host}`"
    )
