"""The forwarder daemon: listening sockets it was handed, each leading to an address on the LAN,
and the other way, addresses of the LAN that lead to Unix sockets of the host.

Started by `forwarding`, with the routes as its argument.
"""

import asyncio
import json
import resource
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

_CONNECT_TIMEOUT = 5.0
"""Seconds a machine may take to accept before the connection on the host is reset."""
_BACKLOG = 64
_CHUNK = 64 * 1024
_NO_LINGER = struct.pack("ii", 1, 0)

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Route:
    """An inherited listening socket and where its connections go."""

    descriptor: int
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"

    def listener(self) -> socket.socket:
        """The socket that was inherited."""
        return socket.socket(fileno=self.descriptor)

    async def connect(self) -> _Streams:
        """Open a connection to where the route leads."""
        return await asyncio.open_connection(self.address, self.port)


@dataclass(frozen=True)
class Inward:
    """An address of the LAN to listen on, and the Unix socket where its connections go."""

    address: str
    port: int
    path: str

    def __str__(self) -> str:
        return self.path

    def listener(self) -> socket.socket:
        """A socket of this process' own network namespace."""
        return socket.create_server((self.address, self.port), backlog=_BACKLOG)

    async def connect(self) -> _Streams:
        """Open a connection to where the route leads."""
        return await asyncio.open_unix_connection(self.path)


async def serve(routes: Sequence[Route | Inward]) -> None:
    """Forward until cancelled."""
    # asyncio itself keeps a task alive only while something it waits for does.
    connections: set[asyncio.Task[None]] = set()

    def accept(
        route: Route | Inward, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = asyncio.create_task(_forward(route, reader, writer))
        connections.add(connection)
        connection.add_done_callback(connections.discard)

    servers = [
        await asyncio.start_server(partial(accept, route), sock=route.listener())
        for route in routes
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _forward(
    route: Route | Inward, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            far_reader, far_writer = await route.connect()
    except OSError as error:
        print(f"{route}: {error or 'no answer'}", file=sys.stderr, flush=True)
        _reset(writer)
        return
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_copy(reader, far_writer))
            both.create_task(_copy(far_reader, writer))
    except* OSError:
        # One side has reset: so shall the other see it.
        _reset(writer)
        _reset(far_writer)
    finally:
        writer.close()
        far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, until the sender has finished; the other goes on (half-close, RFC 9293)."""
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


def main() -> None:
    """Serve the routes given as JSON in the first argument: two lists, `Route` and `Inward`."""
    # Two descriptors a connection: the usual soft limit of 1024 would do for 500.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    routes, inward = json.loads(sys.argv[1])
    asyncio.run(serve([*(Route(**each) for each in routes), *(Inward(**each) for each in inward)]))


if __name__ == "__main__":
    main()
