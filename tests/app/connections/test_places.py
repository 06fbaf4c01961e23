"""Places on a real socket: who is closed for whom, and who is never."""

import contextlib
from collections.abc import Iterator

import pytest

from app.connections.causes import Cause
from app.connections.limits import ConnectionLimits
from tests.app.connections.serving import Serving, answer_of, rest_of, serving, until

_GET = b"GET /hello HTTP/1.1\r\nHost: tts.example\r\n\r\n"
_LATE = b"GET /late HTTP/1.1\r\nHost: tts.example\r\nConnection: close\r\n\r\n"


@pytest.fixture
def small() -> Iterator[Serving]:
    with serving(ConnectionLimits(places=6, places_of_one=4, at_once=8)) as started:
        yield started


def test_the_longest_idle_of_an_address_is_closed_for_its_next(small: Serving) -> None:
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(small.dial())
        kept.sendall(_GET)
        answer_of(kept)
        until(lambda: small.open == 1)
        other = stack.enter_context(small.dial("127.0.0.2"))
        until(lambda: small.open == 2)
        more = []
        for _ in range(4):
            more.append(stack.enter_context(small.dial()))
            more[-1].sendall(_GET)
            answer_of(more[-1])
        assert rest_of(kept) == b""
        assert small.open == 5
        other.sendall(_GET)
        assert answer_of(other).endswith(b"hello")
        assert small.closed(Cause.MADE_ROOM) == 1


def test_a_request_is_never_cut_for_another(small: Serving) -> None:
    with contextlib.ExitStack() as stack:
        working = [stack.enter_context(small.dial()) for _ in range(4)]
        for connection in working:
            connection.sendall(_LATE)
        until(lambda: small.working == 4)
        refused = stack.enter_context(small.dial())
        told = rest_of(refused)
        assert told.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"too_many_connections" in told
        with small.dial("127.0.0.2") as other:
            other.sendall(_GET)
            assert answer_of(other).endswith(b"hello")
        small.go_on.set()
        assert all(rest_of(connection).endswith(b"late") for connection in working)
        until(lambda: not small.open)
    assert small.closed(Cause.NO_PLACE) == 1


def test_an_answer_that_is_being_read_is_not_cut(small: Serving) -> None:
    with contextlib.ExitStack() as stack:
        reading = stack.enter_context(small.dial())
        reading.sendall(b"GET /large HTTP/1.1\r\nHost: tts.example\r\n\r\n")
        assert reading.recv(100).startswith(b"HTTP/1.1 200 OK")
        others = []
        for _ in range(6):
            others.append(stack.enter_context(small.dial()))
            others[-1].sendall(_GET)
            answer_of(others[-1])
        # Three are one too many each.
        assert [rest_of(connection) for connection in others[:3]] == [b""] * 3
        size = 0
        while size < 32 << 20:
            piece = reading.recv(1 << 20)
            assert piece
            size += len(piece)
        until(lambda: not small.working)
