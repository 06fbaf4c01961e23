"""Ports of 127.0.0.1: for servers that begin a moment later, and with nobody behind them."""

import contextlib
import itertools
import os
import socket
from collections.abc import Iterator

_FIRST, _COUNT = 12_000, 20_000
"""Below those that the kernel gives to whoever asks for any, so that none is taken by chance
between the look at it and the start of its server."""

_numbers = itertools.count(os.getpid() * 97)
"""Each process of the tests begins elsewhere."""


def free_port() -> int:
    """A port that nobody listens on and that is not given out again by this process."""
    for number in itertools.islice(_numbers, _COUNT):
        port = _FIRST + number % _COUNT
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@contextlib.contextmanager
def refusing_port(address: str = "127.0.0.1") -> Iterator[int]:
    """A port that refuses connections for as long as the block lasts: it is held, and nobody
    listens."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as held:
        held.bind((address, 0))
        yield int(held.getsockname()[1])
