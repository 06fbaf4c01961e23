"""An answer may take for ever; a client that does not take what waits for it may not."""

import socket
import time
from collections.abc import Iterator

import pytest

from app.connections.causes import Cause
from app.connections.limits import ConnectionLimits
from tests.app.connections.serving import Serving, rest_of, serving, until

_PAUSE = 2.0
"""Seconds in which tests that mean to be in time have to read."""
_LARGE = 32 << 20
_SENT_AHEAD = 1 << 14
"""Bytes that the system takes of an answer, about."""


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving(ConnectionLimits(100, 100, 8, answer_pause=_PAUSE), _SENT_AHEAD) as started:
        yield started


def _get(path: str, *fields: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: tts.example", *fields, "", "")).encode()


def _unread(served: Serving, path: str = "/large", *fields: str) -> socket.socket:
    """A connection whose client asks and then does not read."""
    connection = served.dial()
    connection.sendall(_get(path, *fields))
    return connection


def _reader_is_late(served: Serving) -> None:
    """Returns when somebody who stopped reading now would be late."""
    before = served.closed(Cause.SLOW_READER)
    with _unread(served):
        until(lambda: served.closed(Cause.SLOW_READER) > before)


@pytest.mark.parametrize("fields", [(), ("Connection: close",)])
@pytest.mark.parametrize("path", ["/large", "/pieces"])
def test_an_answer_that_nobody_takes_is_cut(
    served: Serving, path: str, fields: tuple[str, ...]
) -> None:
    until(lambda: served.open == 0)
    before = served.closed(Cause.SLOW_READER)
    with _unread(served, path, *fields) as connection:
        until(lambda: served.closed(Cause.SLOW_READER) > before)
        until(lambda: served.open == 0)
        assert len(rest_of(connection)) < _LARGE


def test_the_last_of_an_answer_has_no_time_for_ever_either(served: Serving) -> None:
    """So little is left that nobody has to wait before writing more, and the answer is complete."""
    before = served.closed(Cause.SLOW_READER)
    with socket.socket() as connection:
        # The system takes less than the answer, but not 64 KiB less.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 13)
        connection.connect(("127.0.0.1", served.port))
        connection.sendall(_get("/sized/80000"))
        until(lambda: served.waiting_to_be_sent)
        assert served.waiting_to_be_sent < (64 << 10), served.waiting_to_be_sent
        until(lambda: served.closed(Cause.SLOW_READER) > before)
        until(lambda: served.open == 0)


def test_who_takes_a_little_again_and_again_is_not_cut(served: Serving) -> None:
    taken = 0
    with _unread(served) as slow:
        for _ in range(2):
            before = served.closed(Cause.SLOW_READER)
            with _unread(served):
                while served.closed(Cause.SLOW_READER) == before:
                    taken += len(slow.recv(1 << 12))
                    time.sleep(_PAUSE / 50)
        assert served.closed(Cause.SLOW_READER) == before + 1
        until(lambda: served.open == 1)
        assert 0 < taken < _LARGE


def test_a_stream_that_says_nothing_is_not_cut(served: Serving) -> None:
    served.go_on.clear()
    with _unread(served, "/stream", "Connection: close") as listening:
        _reader_is_late(served)
        served.go_on.set()
        assert b"last" in rest_of(listening)


def test_an_answer_that_takes_its_time_is_not_cut(served: Serving) -> None:
    served.go_on.clear()
    with _unread(served, "/late", "Connection: close") as waiting:
        _reader_is_late(served)
        served.go_on.set()
        assert rest_of(waiting).endswith(b"late")
