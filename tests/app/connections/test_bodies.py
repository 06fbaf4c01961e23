"""A request's body has to keep coming, as long as nothing but the client is in its way."""

from collections.abc import Iterator

import pytest

from app.connections.body_pace import BodyPace
from app.connections.causes import Cause
from app.connections.limits import ConnectionLimits
from tests.app.connections.serving import Serving, answer_of, rest_of, serving, until

_PAUSE = 2.0
"""Seconds in which tests that mean to be in time have to send."""


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    limits = ConnectionLimits(100, 100, 8, body_pause=_PAUSE)
    with serving(limits) as started:
        yield started


def _post(path: str, length: int, *fields: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: tts.example", f"Content-Length: {length}", *fields)
    return "\r\n".join((*lines, "", "")).encode()


def _body_is_late(served: Serving) -> None:
    """Returns when a body that began now would be late."""
    with served.dial() as measure:
        measure.sendall(_post("/length", 1))
        assert rest_of(measure).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [0, 10, 99_999])
def test_a_body_that_stands_still_is_told_so(served: Serving, sent: int) -> None:
    before = served.closed(Cause.SLOW_BODY)
    with served.dial() as connection:
        connection.sendall(_post("/length", 100_000) + b"x" * sent)
        told = rest_of(connection)
    assert told.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert told.count(b"HTTP/1.1") == 1
    assert served.closed(Cause.SLOW_BODY) == before + 1


def test_a_body_that_the_node_does_not_take_has_time(served: Serving) -> None:
    served.go_on.clear()
    size = 1 << 20
    with served.dial() as connection:
        connection.sendall(_post("/reluctant", size) + b"x" * (100 << 10))
        _body_is_late(served)
        served.go_on.set()
        connection.sendall(b"x" * (size - (100 << 10)))
        assert answer_of(connection).endswith(b"1048576")


def test_a_client_that_waits_to_be_told_to_go_on_has_time(served: Serving) -> None:
    served.go_on.clear()
    with served.dial() as connection:
        connection.sendall(_post("/reluctant", 5, "Expect: 100-continue"))
        _body_is_late(served)
        served.go_on.set()
        until(lambda: connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"12345")
        assert answer_of(connection).endswith(b"5")


def test_a_body_after_its_answer_has_no_time_for_ever(served: Serving) -> None:
    before = served.closed(Cause.SLOW_BODY)
    with served.dial() as connection:
        connection.sendall(_post("/nowhere", 10) + b"12345")
        assert rest_of(connection).count(b"HTTP/1.1") == 1
    assert served.closed(Cause.SLOW_BODY) == before + 1


def test_a_body_behind_an_answer_that_takes_long_has_time(served: Serving) -> None:
    served.go_on.clear()
    with served.dial() as connection:
        late = b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.sendall(late + _post("/length", 5, "Connection: close"))
        _body_is_late(served)
        served.go_on.set()
        assert answer_of(connection).endswith(b"late")
        connection.sendall(b"12345")
        assert rest_of(connection).endswith(b"5")


def test_a_pace_lives_by_its_bytes() -> None:
    pace = BodyPace(most=30, rate=500)
    pace.begin()
    for _ in range(1000):
        pace.came(500)
        assert pace.waited(1)
    assert all(pace.waited(1) for _ in range(28))
    assert not pace.waited(1)


def test_a_pace_below_the_rate_ends() -> None:
    pace = BodyPace(most=30, rate=500)
    pace.begin()
    seconds = 1
    while pace.waited(1):
        pace.came(250)
        seconds += 1
    assert seconds == 59
