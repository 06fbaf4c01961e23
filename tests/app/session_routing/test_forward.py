"""What another node gets of a request, and the client of its answer: all of it, as it was sent."""

import asyncio
import gzip
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientTimeout
from starlette.types import Message, Receive, Scope, Send

from app.session_routing.buffering import read
from app.session_routing.forward import ArrivedRequest, NotForwardedError, forward
from app.session_routing.peers.peer_http import PeerHttp
from tests.app.loopback import served
from tests.ports import refusing_port

_PACKED = gzip.compress("您好".encode() * 100)
_LARGE = bytes(range(256)) * 12_000


@dataclass
class Owner:
    """A node that keeps what it got."""

    url: str = ""
    scope: Scope = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False
    has_read: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.body, self.whole = await read(receive, 1 << 30)
        self.has_read.set()
        headers = [
            (b"content-encoding", b"gzip"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", "b=您".encode()),
            (b"x-long", b"x" * 30_000),
        ]
        await send({"type": "http.response.start", "status": 203, "headers": headers})
        await send({"type": "http.response.body", "body": _PACKED})

    def header(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.scope["headers"] if key == name]


@pytest.fixture
def owner() -> Iterator[Owner]:
    made = Owner()
    with served(made) as made.url:
        yield made


def sent(
    url: str,
    method: str,
    headers: list[tuple[bytes, bytes]],
    *,
    body: bytes | None = None,
    coming: list[Message] | None = None,
    query: bytes = b"",
) -> list[Message]:
    """What the client gets of a request; its body was read before, or is ``coming``."""

    async def scenario() -> list[Message]:
        messages, answered = list(coming or []), list[Message]()

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            answered.append(message)

        scope: Scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": "/queue/join",
            "raw_path": b"/queue//join%2F",
            "query_string": query,
            "headers": headers,
            "client": ("192.0.2.9", 1),
        }
        http = PeerHttp()
        try:
            arrived = ArrivedRequest(scope, receive, body)
            await forward(http, url, (b"x-own", b"signed"), arrived, send, asyncio.Event())
        finally:
            await http.close()
        return answered

    return asyncio.run(scenario())


def test_nothing_is_added_but_where_it_came_from(owner: Owner) -> None:
    headers = [
        (b"host", b"tts.example"),
        (b"cookie", "名=您".encode()),
        (b"x-twice", b"1"),
        (b"x-twice", b"2"),
        (b"x-old", b"Jos\xe9"),
        (b"connection", b"keep-alive, x-hop"),
        (b"x-hop", b"1"),
        (b"expect", b"100-continue"),
    ]
    sent(owner.url, "GET", headers, query=b"a='b'&c=%E6%82%A8")
    assert owner.scope["raw_path"] == b"/queue//join%2F"
    assert owner.scope["query_string"] == b"a='b'&c=%E6%82%A8"
    assert sorted(owner.scope["headers"]) == sorted(
        [
            (b"host", b"tts.example"),
            (b"cookie", "名=您".encode()),
            (b"x-twice", b"1"),
            (b"x-twice", b"2"),
            # In UTF-8 now.
            (b"x-old", "José".encode()),
            (b"x-own", b"signed"),
            (b"x-forwarded-for", b"192.0.2.9"),
            (b"x-forwarded-proto", b"http"),
        ]
    )


def test_the_answer_comes_as_it_was_sent(owner: Owner) -> None:
    start, *parts = sent(owner.url, "GET", [])
    assert start["status"] == 203
    headers = [pair for pair in start["headers"] if pair[0] not in (b"date", b"server")]
    assert headers == [
        (b"content-encoding", b"gzip"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", "b=您".encode()),
        (b"x-long", b"x" * 30_000),
    ]
    assert b"".join(part["body"] for part in parts) == _PACKED
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]


@pytest.mark.parametrize("body", [b"", b"{}", _LARGE], ids=["empty", "small", "large"])
def test_a_body_that_was_read_has_its_own_length(body: bytes, owner: Owner) -> None:
    sent(owner.url, "POST", [(b"transfer-encoding", b"chunked")], body=body)
    assert (owner.body, owner.whole) == (body, True)
    assert owner.header(b"content-length") == [str(len(body)).encode()]


@pytest.mark.parametrize("length", [str(len(_LARGE)).encode(), None], ids=["known", "chunked"])
def test_a_body_goes_on_as_it_comes(length: bytes | None, owner: Owner) -> None:
    pieces = [_LARGE[:7], b"", _LARGE[7:]]
    coming: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    headers = [(b"content-length", length)] if length else []
    sent(owner.url, "POST", headers, coming=coming)
    assert (owner.body, owner.whole) == (_LARGE, True)
    assert owner.header(b"content-length") == ([length] if length else [])


def test_a_body_of_a_get_is_not_announced_as_it_is_not_sent(owner: Owner) -> None:
    sent(owner.url, "GET", [(b"content-length", b"5")])
    assert (owner.body, owner.header(b"content-length")) == (b"", [])


def test_a_client_that_goes_in_the_middle_of_its_body_is_gone_there_too(owner: Owner) -> None:
    coming: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert sent(owner.url, "POST", [], coming=coming) == []
    assert owner.has_read.wait(60)
    assert not owner.whole


def test_a_name_that_nobody_resolves_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", never)
    with pytest.raises(NotForwardedError) as told:
        sent("http://rs2.example:7860", "POST", [], body=b"{}")
    assert not told.value.reached


def test_bodies_that_nobody_takes_do_not_keep_a_node_from_its_end() -> None:
    taken_up = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken_up
        while True:
            taken_up += 1
            yield bytes(1 << 16)

    async def scenario(url: str) -> None:
        http, timeout = PeerHttp(), ClientTimeout(total=None, connect=1.0)
        sending = asyncio.ensure_future(http.send("POST", url, [], body(), timeout))
        before = -1
        while before != taken_up or not taken_up:
            # Until neither the peer's system nor this one takes any more.
            before = taken_up
            await asyncio.sleep(0.3)
        async with asyncio.timeout(20):
            await http.close()
        sending.cancel()
        await asyncio.wait({sending})

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        asyncio.run(scenario(f"http://127.0.0.1:{deaf.getsockname()[1]}/"))


def test_a_node_that_takes_no_connection_is_told_apart() -> None:
    with refusing_port() as port, pytest.raises(NotForwardedError) as told:
        sent(f"http://127.0.0.1:{port}", "POST", [], body=b"{}")
    assert (told.value.reached, told.value.refused) == (False, True)
