"""A request's head has to be complete in time, and of a size."""

import socket
from collections.abc import Iterator

import pytest

from app.connections.causes import Cause
from app.connections.limits import ConnectionLimits
from tests.app.connections.serving import Serving, answer_of, rest_of, serving, until

_GET = b"GET /hello HTTP/1.1\r\nHost: tts.example\r\n\r\n"
_HALF = b"GET /hello HTTP/1.1\r\nHost: tts.exa"
_LAST = _GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
_LATE = b"GET /late HTTP/1.1\r\nHost: tts.example\r\n\r\n"
_SIZE = 4096


@pytest.fixture(scope="module")
def hasty() -> Iterator[Serving]:
    # Tests that mean to be in time have so long, too.
    limits = ConnectionLimits(100, 100, 8, head_time=1.5, head_size=_SIZE, farewell=60)
    with serving(limits) as started:
        yield started


@pytest.fixture(scope="module")
def _patient() -> Iterator[Serving]:
    with serving(ConnectionLimits(100, 100, 8, head_size=_SIZE)) as started:
        yield started


@pytest.fixture
def patient(_patient: Serving) -> Serving:
    """Without what an earlier test has left."""
    until(lambda: not _patient.open)
    return _patient


def test_a_silent_connection_is_closed_without_a_word(hasty: Serving) -> None:
    before = hasty.closed(Cause.SILENT)
    with hasty.dial() as connection:
        assert rest_of(connection) == b""
    assert hasty.closed(Cause.SILENT) == before + 1


@pytest.mark.parametrize("before", [b"", _GET], ids=["first", "kept"])
@pytest.mark.parametrize("sent", [_HALF, b"\r\n", b"G"])
def test_half_a_head_is_told_that_it_is_late(hasty: Serving, before: bytes, sent: bytes) -> None:
    closed = hasty.closed(Cause.SLOW_HEAD)
    with hasty.dial() as connection:
        if before:
            connection.sendall(before)
            answer_of(connection)
        connection.sendall(sent)
        told = rest_of(connection)
    assert told.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"slow_request" in told
    assert hasty.closed(Cause.SLOW_HEAD) == closed + 1


def test_a_head_that_comes_drop_by_drop_has_no_more_time(hasty: Serving) -> None:
    with hasty.dial() as connection:
        connection.settimeout(0.02)
        connection.sendall(b"GET /hello HTTP/1.1\r\nX-Drops: ")
        told = b""
        while not told:
            connection.sendall(b"x")
            try:
                told = connection.recv(1 << 16)
            except TimeoutError:
                continue
    assert told.startswith(b"HTTP/1.1 408 ")


def test_a_kept_connection_may_rest_for_longer_than_a_head_may_take(hasty: Serving) -> None:
    with hasty.dial() as connection, hasty.dial() as measure:
        connection.sendall(_GET)
        answer_of(connection)
        assert rest_of(measure) == b""
        with hasty.dial() as measure_again:
            assert rest_of(measure_again) == b""
        connection.sendall(_GET)
        assert answer_of(connection).endswith(b"hello")


@pytest.mark.parametrize("cut", [0, 20], ids=["nothing", "half a head"])
def test_an_answer_that_takes_long_is_not_cut(hasty: Serving, cut: int) -> None:
    hasty.go_on.clear()
    with hasty.dial() as connection, hasty.dial() as measure:
        connection.sendall(_LATE + _LAST[:cut])
        assert rest_of(measure) == b""
        with hasty.dial() as measure_again:
            assert rest_of(measure_again) == b""
        connection.sendall(_LAST[cut:])
        hasty.go_on.set()
        told = rest_of(connection)
    assert told.count(b"HTTP/1.1 200 OK") == 2
    assert told.endswith(b"hello")


def test_a_stream_that_takes_long_is_not_cut(hasty: Serving) -> None:
    hasty.go_on.clear()
    with hasty.dial() as connection, hasty.dial() as measure:
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        until(lambda: b"first" in connection.recv(1 << 16, socket.MSG_PEEK))
        assert rest_of(measure) == b""
        hasty.go_on.set()
        assert b"last" in rest_of(connection)


def test_pipelined_requests_are_all_answered(patient: Serving) -> None:
    patient.go_on.set()
    with patient.dial() as connection:
        connection.sendall(_LATE + _GET + _LATE[:20])
        connection.sendall(_LATE[20:] + _LAST)
        told = rest_of(connection)
    assert told.count(b"HTTP/1.1 200 OK") == 4
    until(lambda: not patient.open)


_LONG_HEADS = {
    "field": b"GET /hello HTTP/1.1\r\nX-Long: " + b"x" * _SIZE,
    "fields": b"GET /hello HTTP/1.1\r\n" + b"X-Many: x\r\n" * (_SIZE // 8),
    "name": b"GET /hello HTTP/1.1\r\n" + b"x" * _SIZE,
    "target": b"GET /hello?" + b"x" * _SIZE,
    "empty lines": b"\r\n" * _SIZE,
}
_ENDED = {
    "field": b"\r\n\r\n",
    "fields": b"\r\n",
    "name": b": x\r\n\r\n",
    "target": b" HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("kind", _LONG_HEADS)
def test_a_head_without_end_is_refused(patient: Serving, kind: str) -> None:
    before = patient.closed(Cause.LONG_HEAD)
    with patient.dial() as connection:
        connection.sendall(_LONG_HEADS[kind])
        told = rest_of(connection)
    assert told.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n"), told
    assert told.count(b"HTTP/1.1") == 1
    assert patient.closed(Cause.LONG_HEAD) == before + 1


@pytest.mark.parametrize("begun", [b"0\r\nX-Long: ", b"1;"], ids=["trailer", "extension"])
def test_no_more_may_stand_between_pieces_of_a_body(patient: Serving, begun: bytes) -> None:
    before = patient.closed(Cause.LONG_HEAD)
    with patient.dial() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        until(lambda: patient.working)
        connection.sendall(begun + b"x" * _SIZE)
        told = rest_of(connection)
    assert told.startswith(b"HTTP/1.1 431 "), told
    assert patient.closed(Cause.LONG_HEAD) == before + 1


def test_many_trailers_are_refused(patient: Serving) -> None:
    with patient.dial() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        connection.sendall(b"X-Many: x\r\n" * (_SIZE // 8))
        assert rest_of(connection).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("kind", _ENDED)
def test_a_long_head_that_comes_whole_is_refused(patient: Serving, kind: str) -> None:
    before = patient.closed(Cause.LONG_HEAD)
    with patient.dial() as connection:
        connection.sendall(_LONG_HEADS[kind] + _ENDED[kind])
        told = rest_of(connection)
    assert told.startswith(b"HTTP/1.1 431 "), told
    assert patient.closed(Cause.LONG_HEAD) == before + 1


def test_a_head_of_nearly_the_size_is_answered(patient: Serving) -> None:
    with patient.dial() as connection:
        connection.sendall(b"GET /hello HTTP/1.1\r\nX: " + b"x" * (_SIZE - 100))
        connection.sendall(b"\r\n\r\n")
        assert answer_of(connection).endswith(b"hello")


def test_what_was_asked_before_a_long_head_is_answered(patient: Serving) -> None:
    patient.go_on.clear()
    before = patient.closed(Cause.LONG_HEAD)
    with patient.dial() as connection:
        connection.sendall(_LATE)
        until(lambda: patient.working)
        connection.sendall(_LONG_HEADS["field"])
        until(lambda: patient.closed(Cause.LONG_HEAD) > before)
        patient.go_on.set()
        told = rest_of(connection)
    assert told.startswith(b"HTTP/1.1 200 OK")
    assert told.endswith(b"late")
