"""A small application behind the limited protocol, on a real socket, with limits of its own."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from app.connections.causes import Cause
from app.connections.connections import Connections
from app.connections.limits import ConnectionLimits
from app.connections.protocol import LimitedProtocol, limited


@dataclass
class Serving:
    """What tests ask, and how they let its answers go on."""

    port: int
    connections: Connections
    go_on: threading.Event

    def dial(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection that has come in."""
        return socket.create_connection(("127.0.0.1", self.port), 60, (source, 0))

    def closed(self, cause: Cause) -> int:
        return self.connections.closed[cause]

    @property
    def working(self) -> int:
        """Connections of which a request is being answered."""
        return self.open - len(self.connections.register._all.idle)

    @property
    def waiting_to_be_sent(self) -> int:
        """Bytes that the system has not taken, of all connections."""
        connections = cast(list[LimitedProtocol], list(self.connections.register._client))
        return sum(one.transport.get_write_buffer_size() for one in connections)

    @property
    def open(self) -> int:
        return len(self.connections.register)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def rest_of(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            found += piece
    return found


def answer_of(connection: socket.socket) -> bytes:
    """One answer with a known length."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += _piece(connection)
    head, _, body = found.partition(b"\r\n\r\n")
    length = next(int(f[15:]) for f in head.lower().split(b"\r\n") if f.startswith(b"content-len"))
    while len(body) < length:
        body += _piece(connection)
    return head + b"\r\n\r\n" + body


def _piece(connection: socket.socket) -> bytes:
    piece = connection.recv(1 << 16)
    assert piece, "closed before its end"
    return piece


@contextlib.contextmanager
def serving(limits: ConnectionLimits, sent_ahead: int | None = None) -> Iterator[Serving]:
    """`sent_ahead` is the system's buffer for what is sent, in bytes; else it is megabytes."""
    connections, go_on = Connections(limits), threading.Event()
    config = uvicorn.Config(
        _application(go_on),
        log_config=None,
        access_log=False,
        ws="none",
        http=limited(connections),
        timeout_keep_alive=65,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if sent_ahead:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sent_ahead)
        thread = threading.Thread(target=asyncio.run, args=(server.serve([listener]),))
        thread.start()
        try:
            until(lambda: server.started)
            yield Serving(listener.getsockname()[1], connections, go_on)
        finally:
            go_on.set()
            server.should_exit = True
            thread.join()


def _application(go_on: threading.Event) -> Starlette:
    async def wait() -> None:
        while not go_on.is_set():
            await asyncio.sleep(0.005)

    async def hello(_request: Request) -> Response:
        return PlainTextResponse("hello")

    async def late(_request: Request) -> Response:
        await wait()
        return PlainTextResponse("late")

    async def stream(_request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            await wait()
            yield b"last"

        return StreamingResponse(pieces())

    async def length(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def reluctant(request: Request) -> Response:
        await wait()
        return PlainTextResponse(str(len(await request.body())))

    async def pieces(_request: Request) -> Response:
        async def zeros() -> AsyncIterator[bytes]:
            for _ in range(512):
                yield b"0" * (64 << 10)

        return StreamingResponse(zeros())

    async def large(_request: Request) -> Response:
        return PlainTextResponse("0" * (32 << 20))

    async def sized(request: Request) -> Response:
        return PlainTextResponse("0" * request.path_params["size"])

    get, post = (hello, late, stream, pieces, large), (length, reluctant)
    return Starlette(
        routes=[
            *(Route("/" + f.__name__, f) for f in get),
            Route("/sized/{size:int}", sized),
            *(Route("/" + f.__name__, f, methods=["POST"]) for f in post),
        ]
    )
