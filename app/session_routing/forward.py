"""Forwarding of a request to another node and of its answer back, both as they come, nothing
kept."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from aiohttp import ClientError, ClientTimeout
from starlette.types import Message, Receive, Scope, Send

from .errors import SessionRoutingError
from .page_release import target_of
from .peers.peer_http import PeerHttp, is_refused, is_unreached
from .peers.signatures import CLOCK, UNTIMELY

# RFC 9110, section 7.6.1; and what is this program's own.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        # Answered by this node, which asks for the body.
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# A node is in the next rack: it takes a connection at once, or is busy, or gone. What it streams
# may be silent for as long as a job takes.
_TIMEOUT = ClientTimeout(total=None, connect=1.0)
_Headers = list[tuple[bytes, bytes]]


class NotForwardedError(SessionRoutingError):
    """The other node gave no answer. ``reached`` is whether the request may have got to it, and
    ``refused`` whether it took no connection."""

    def __init__(self, reason: str, *, reached: bool, refused: bool = False) -> None:
        super().__init__(reason)
        self.reached = reached
        self.refused = refused


class UntimelyError(NotForwardedError):
    """The other node wants a signature by its own clock, which it has ``shown``."""

    def __init__(self, shown: str, *, reached: bool) -> None:
        super().__init__("the pass was not timely", reached=reached)
        self.shown = shown


class BrokenAnswerError(SessionRoutingError):
    """The other node went in the middle of its answer."""


@dataclass(frozen=True, slots=True)
class ArrivedRequest:
    """A request of a client, as ASGI gives it."""

    scope: Scope
    receive: Receive
    body: bytes | None
    """All of its body where it was read already."""


async def forward(
    http: PeerHttp,
    url: str,
    own_header: tuple[bytes, bytes],
    arrived: ArrivedRequest,
    send: Send,
    silent: asyncio.Event,
) -> None:
    """Have the node at ``url`` answer. ``silent`` is set when the node is known to hang.

    Raises ``NotForwardedError`` before the answer has begun and ``BrokenAnswerError`` after.
    Returns when the client has its answer or has gone; then the other node hears of it at once.
    """
    scope = arrived.scope
    inbound = _Inbound(arrived.receive)
    headers = [*_request_headers(scope), own_header]
    body: bytes | AsyncIterator[bytes] | None = arrived.body
    if body is None and scope["method"] not in ("GET", "HEAD"):
        body = inbound.body()
    else:
        inbound.complete()
        # Of a body that nobody reads, and of one that is sent as a whole.
        headers = [pair for pair in headers if pair[0] != b"content-length"]
    request = _Request(scope["method"], url + target_of(scope).decode("latin-1"), headers, body)
    outbound = _Outbound(send)
    relay = asyncio.ensure_future(_relay(http, request, outbound))
    leaving = asyncio.ensure_future(inbound.client_leaves())
    hanging = asyncio.ensure_future(silent.wait())
    tasks = {relay, leaving, hanging}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done() or inbound.left:
            return
        if relay.done():
            relay.result()
        elif hanging.done():
            raise _gone(outbound, "it has not answered for too long")
    except ClientError as error:
        reason = str(error) or type(error).__name__
        reached, refused = not is_unreached(error), is_refused(error)
        raise _gone(outbound, reason, reached=reached, refused=refused) from error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if not relay.cancelled():
            # Told already, or of no account to a client that has gone.
            relay.exception()


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: _Headers
    body: bytes | AsyncIterator[bytes] | None


async def _relay(http: PeerHttp, request: _Request, send: Send) -> None:
    answer = await http.send(request.method, request.url, request.headers, request.body, _TIMEOUT)
    try:
        if answer.status == UNTIMELY and (shown := answer.headers.get(CLOCK)):
            # A body that was not read before has begun to be, and cannot be sent again.
            can_be_sent_again = request.body is None or isinstance(request.body, bytes)
            raise UntimelyError(shown, reached=not can_be_sent_again)
        start: Message = {
            "type": "http.response.start",
            "status": answer.status,
            "headers": _end_to_end(answer.raw_headers),
        }
        await send(start)
        async for part in answer.content.iter_any():
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        answer.close()


def _gone(
    outbound: "_Outbound", reason: str, *, reached: bool = True, refused: bool = False
) -> NotForwardedError | BrokenAnswerError:
    if outbound.begun:
        return BrokenAnswerError(reason)
    return NotForwardedError(reason, reached=reached, refused=refused)


class _Outbound:
    """``send``, and whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


class _Inbound:
    """Incoming messages of the client: first a body, then at most that it leaves."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read = asyncio.Event()
        self.left = False

    def complete(self) -> None:
        """The body has been read, here or before."""
        self._read.set()

    async def body(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises ``ConnectionResetError`` when the client leaves in its
        middle."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.left = True
                self.complete()
                raise ConnectionResetError("the client has gone")
            more = message.get("more_body", False)
            if part := message.get("body", b""):
                yield part
        self.complete()

    async def client_leaves(self) -> None:
        """Wait until the client has left."""
        await self._read.wait()
        while not self.left and (await self._receive())["type"] != "http.disconnect":
            pass


def _request_headers(scope: Scope) -> _Headers:
    headers = _end_to_end(scope["headers"])
    client = scope.get("client")
    if client:
        before = [value for name, value in headers if name == b"x-forwarded-for"]
        chain = b", ".join([*before, str(client[0]).encode()])
        headers = [pair for pair in headers if pair[0] != b"x-forwarded-for"]
        headers.append((b"x-forwarded-for", chain))
    if not any(name == b"x-forwarded-proto" for name, _ in headers):
        headers.append((b"x-forwarded-proto", scope["scheme"].encode()))
    return headers


def _end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> _Headers:
    pairs = [(name.lower(), value) for name, value in headers]
    named = {
        word.strip().lower()
        for name, value in pairs
        if name == b"connection"
        for word in value.split(b",")
    }
    return [pair for pair in pairs if pair[0] not in _HOP_BY_HOP | named]
