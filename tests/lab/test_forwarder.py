"""The forwarder between real sockets of this machine's loopback; needs no root."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from provisioning.lab.forwarder import Route, serve

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The forwarder is written for asyncio."""
    return "asyncio"


@asynccontextmanager
async def forwarded(handler: Handler | None) -> AsyncIterator[int]:
    """The port of a forwarder to a server; without a handler, to a port that is closed."""
    target = socket.create_server(("127.0.0.1", 0))
    address, port = target.getsockname()
    server = await asyncio.start_server(handler, sock=target) if handler else None
    if server is None:
        target.close()
    listener = socket.create_server(("127.0.0.1", 0))
    listening_port = listener.getsockname()[1]
    task = asyncio.create_task(serve([Route(listener.detach(), address, port)]))
    try:
        yield listening_port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if server:
            server.close()


async def test_client_may_finish_first_and_still_get_its_answer() -> None:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = len(await reader.read())
        writer.write(b"x" * received)
        await writer.drain()
        writer.close()

    async with forwarded(count) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"y" * 1_000_000)
        writer.write_eof()
        assert len(await asyncio.wait_for(reader.read(), 30)) == 1_000_000
        writer.close()


async def test_server_may_finish_first_and_still_be_sent_to() -> None:
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.write_eof()
        got.set_result(await reader.read())
        writer.close()

    async with forwarded(greet) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(), 30) == b"hello"
        writer.write("再见".encode())
        writer.write_eof()
        assert (await asyncio.wait_for(got, 30)).decode() == "再见"
        writer.close()


async def test_client_that_leaves_is_seen_by_the_server() -> None:
    left = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()
        writer.close()

    async with forwarded(wait) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.wait_for(left.wait(), 30)


async def test_reset_of_the_server_is_a_reset_for_the_client() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )
        writer.transport.abort()

    async with forwarded(reset) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 30)
        writer.close()


async def test_refusal_is_a_reset_at_once() -> None:
    async with forwarded(None) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 30)
        writer.close()
