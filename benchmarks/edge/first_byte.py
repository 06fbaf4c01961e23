"""Time to the first byte of sound, from a node by itself and through the edge before it."""

import asyncio
import time
from dataclasses import dataclass

from tests.roles.edge_site import SEED_JOB, Site

_PIECE = b"\x00" * 1024
_LENGTH = 2 * len(_PIECE)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: %d\r\n\r\n" % _LENGTH


@dataclass(frozen=True)
class Times:
    """Seconds to the first byte of each answer's body."""

    direct: list[float]
    through: list[float]

    def at(self, share: float) -> tuple[float, float]:
        """A quantile of both: of the node's, and through the edge."""
        direct, through = sorted(self.direct), sorted(self.through)
        return direct[_place(share, direct)], through[_place(share, through)]


def _place(share: float, some: list[float]) -> int:
    return min(len(some) - 1, int(share * len(some)))


async def first_bytes(site: Site, number: int, *, think: float, body: int) -> Times:
    """Ask one after the other, in turns, so that what else the machine does is in both; a node
    thinks for so many seconds, and a request has a body of so many bytes. The node goes on with its
    answer when the client has the first byte: an edge that holds it back never ends."""
    heard = asyncio.Event()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
                await reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            await asyncio.sleep(think)
            writer.write(_HEAD + _PIECE)
            await writer.drain()
            await heard.wait()
            writer.write(_PIECE)
            await writer.drain()
        writer.close()

    for node in site.nodes:
        await node.kill()
    nodes = [await asyncio.start_server(stream, "127.0.0.1", port) for port in site.ports]
    times = Times([], [])
    try:
        for turn in range(number + 1):
            direct = await _asked(site.ports[0], body, heard)
            through = await _asked(site.port, body, heard)
            # The first one opens what later ones use.
            if turn:
                times.direct.append(direct)
                times.through.append(through)
    finally:
        for server in nodes:
            server.close()
    return times


async def _asked(port: int, body: int, heard: asyncio.Event) -> float:
    """A request on a connection of its own, from its first byte to the body's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    given = f"POST {SEED_JOB} HTTP/1.1\r\nHost: edge\r\nContent-Length: {body}\r\n\r\n"
    heard.clear()
    began = time.perf_counter()
    writer.write(given.encode() + b"x" * body)
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(1)
    took = time.perf_counter() - began
    heard.set()
    await reader.readexactly(_LENGTH - 1)
    writer.transport.abort()
    return took
