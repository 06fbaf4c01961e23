"""The port: reserved at once, and open only when page and API can answer."""

import contextlib
import logging
import socket
import sys
from collections.abc import Iterator

import uvicorn

_WAITING = 2048
"""Connections that the system may keep until they are taken."""
_log = logging.getLogger("app.server")


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: it would close the port before jobs have ended, and
    then die of the signal instead of exiting with 0. It logs where it serves, with ``about``."""

    def __init__(self, config: uvicorn.Config, about: dict[str, object]) -> None:
        super().__init__(config)
        self._about = about

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen. asyncio takes as many connections at once as it lets wait: more than there are
        descriptors for, before any can be refused. So it is told few, and the system many."""
        await super().startup(sockets)
        if self.should_exit:
            return
        for listener in sockets or []:
            listener.listen(_WAITING)
            host, port = listener.getsockname()[:2]
            # Not before: whoever reads it may connect at once.
            _log.info("serving on %s port %d", host, port, extra=self._about)


def reserved(host: str, port: int) -> socket.socket:
    """A bound socket, or the end of the process with 1."""
    try:
        return bind(host, port)
    except OSError as error:
        place = f"{host} port {port}"
        print(f"Error: cannot listen on {place}: {error.strerror}", file=sys.stderr)
        sys.exit(1)


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet: connections to it are refused. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # `::` is every address of both families, whatever the system's default is.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
