"""Every connection to a port goes on to another place.

Runs on its own, with nothing installed: `python forward.py HOST PORT TO_HOST TO_PORT`.
"""

import asyncio
import contextlib
import sys


async def forward(host: str, port: int, to_host: str, to_port: int) -> None:
    """Until cancelled. Raises OSError where the port cannot be had."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            theirs = await asyncio.open_connection(to_host, to_port)
            with contextlib.closing(theirs[1]):
                await asyncio.gather(pour(reader, theirs[1]), pour(theirs[0], writer))

    server = await asyncio.start_server(connected, host, port)
    async with server:
        await server.serve_forever()


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass what comes on one connection out on another, until it ends."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(forward(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
