"""Who was sent away and asks for a job again at once on the same connection waits for it."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from starlette.types import Scope

from app.connections.early import LONGEST, EarlyAnswer, Watched, holding_time
from app.connections.limits import ConnectionLimits
from app.connections.protocol import LimitedProtocol
from tests.app.connections.serving import Serving, answer_of, rest_of, serving, until

_AWAY = b"HTTP/1.1 429 "
_LEAST = 0.8 * LONGEST


class FakeEarly:
    """Refuses every job but those called `/length`, which the application answers."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.retry_after = 7

    def begins_job(self, scope: Scope) -> bool:
        return bool(scope["method"] == "POST")

    def refuse(self, scope: Scope) -> EarlyAnswer | None:
        self.asked.append(time.monotonic())
        if scope["path"] == "/length":
            return None
        return EarlyAnswer(429, b"content-length: 4\r\n", b"away", self.retry_after)

    def ended(self, scope: Scope) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def served() -> Iterator[Serving]:
    with serving(ConnectionLimits(100, 100, 8)) as started:
        started.connections.early = FakeEarly()
        yield started


def _job(path: str = "/full", *fields: str, body: bytes = b"words") -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: tts.example", f"Content-Length: {len(body)}", *fields)
    return "\r\n".join((*lines, "", "")).encode() + body


def _times(served: Serving) -> list[float]:
    assert isinstance(served.connections.early, FakeEarly)
    return served.connections.early.asked


def _refused(connection: socket.socket) -> None:
    connection.sendall(_job())
    assert answer_of(connection).startswith(_AWAY)


def test_the_next_job_of_a_connection_waits(served: Serving) -> None:
    with served.dial() as connection:
        _refused(connection)
        _refused(connection)
    first, second = _times(served)
    assert second - first >= _LEAST


def test_jobs_sent_in_one_go_are_told_one_after_the_other(served: Serving) -> None:
    with served.dial() as connection:
        connection.sendall(_job() + _job() + _job("/full", "Connection: close"))
        assert rest_of(connection).count(_AWAY) == 3
    first, second, third = _times(served)
    assert second - first >= _LEAST and third - second >= _LEAST


def test_a_job_that_waited_may_be_let_in(served: Serving) -> None:
    with served.dial() as connection:
        _refused(connection)
        connection.sendall(_job("/length"))
        assert answer_of(connection).endswith(b"5")


def test_nothing_else_on_that_connection_waits(served: Serving) -> None:
    with served.dial() as connection:
        _refused(connection)
        connection.sendall(b"GET /hello HTTP/1.1\r\nHost: tts.example\r\n\r\n")
        assert answer_of(connection).endswith(b"hello")
        _refused(connection)
    first, second = _times(served)
    assert second - first >= _LEAST


@pytest.fixture
def for_an_hour(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is held is let go by the test, not by the clock."""
    monkeypatch.setattr("app.connections.early.LONGEST", 3600)
    assert isinstance(served.connections.early, FakeEarly)
    served.connections.early.retry_after = 3600


def _held_back(served: Serving, connection: socket.socket) -> LimitedProtocol:
    """Its client, of which no other is connected, asks for a job that is held back."""
    _refused(connection)
    connection.sendall(_job())
    (held,) = served.connections.register._client
    assert isinstance(held, LimitedProtocol)
    until(lambda: held._held)
    return held


@pytest.mark.usefixtures("for_an_hour")
def test_other_connections_do_not_wait(served: Serving) -> None:
    with served.dial() as connection, contextlib.ExitStack() as stack:
        held = _held_back(served, connection)
        timer = held._held
        assert timer is not None
        _refused(stack.enter_context(served.dial()))
        # The held one is asked about last, though it asked before.
        assert len(_times(served)) == 2
        held.loop.call_soon_threadsafe(timer._run)
        assert answer_of(connection).startswith(_AWAY)
    assert len(_times(served)) == 3


@pytest.mark.usefixtures("for_an_hour")
def test_a_client_that_goes_meanwhile_is_forgotten(served: Serving) -> None:
    with served.dial() as connection:
        held = _held_back(served, connection)
        timer = held._held
        assert timer is not None
    until(lambda: served.open == 0)
    assert timer.cancelled()
    with served.dial() as other:
        _refused(other)
    assert len(_times(served)) == 2


def test_a_refusal_closes_where_that_was_asked_for(served: Serving) -> None:
    with served.dial() as connection:
        connection.sendall(_job("/full", "Connection: close"))
        told = rest_of(connection)
    assert told.startswith(_AWAY) and b"\r\nconnection: close\r\n" in told


@pytest.mark.parametrize(
    ("status", "told", "seconds"),
    [(429, b"3", [3.0]), (503, b"5", [5.0]), (429, b"soon", [0.0]), (200, b"3", [])],
)
def test_what_the_application_tells_counts_too(
    status: int, told: bytes, seconds: list[float]
) -> None:
    away: list[float] = []

    async def app(scope: Scope, receive: object, send: object) -> None:
        headers = [(b"Retry-After", told)]
        await send({"type": "http.response.start", "status": status, "headers": headers})  # type: ignore[operator]

    async def ignored(message: object) -> None:
        pass

    watched = Watched(app, FakeEarly(), away.append)
    asyncio.run(watched({"type": "http"}, ignored, ignored))  # type: ignore[arg-type]
    assert away == seconds


def test_nobody_is_held_for_longer_than_was_told() -> None:
    for told in (0, 0.5, 1, 60):
        assert 0 <= holding_time(told) <= min(told, LONGEST)
