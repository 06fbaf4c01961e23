"""Requests for a job that a connection answers by itself, and how long its next one is held back.

Clients that are refused and ask again at once cost those who were let in their speed. So the next
job that is asked for on such a connection waits until its client was told to come again, or for
``LONGEST``. Whatever else is asked for on it does not wait.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 1.0
"""Seconds; a connection may be one of a pool, and its next job somebody else's."""
_SPREAD = 0.2
"""Share of the time by which those who were refused together come apart."""
_COME_AGAIN = frozenset({429, 503})
HELD = "cosyvoice.held"
"""Key in the ASGI scope: seconds for which a request was held back."""


@dataclass(frozen=True, slots=True)
class EarlyAnswer:
    """An answer as it goes over the wire, but for the fields that every answer of a connection
    has. ``retry_after`` is in seconds."""

    status: int
    fields: bytes
    body: bytes
    retry_after: int


class Early(Protocol):
    """Refusal of jobs without the application."""

    def begins_job(self, scope: Scope) -> bool:
        """Tell whether a request asks for a job, and may be held back."""

    def refuse(self, scope: Scope) -> EarlyAnswer | None:
        """The answer to such a request; None where the application gives it."""

    def ended(self, scope: Scope) -> None:
        """The application has answered such a request."""

    def close(self) -> None:
        """Log what is still to be told."""


class Watched:
    """An application whose answers ``early`` is told of, and ``sent_away`` for how many seconds a
    client is told to go away, where it is."""

    def __init__(self, app: ASGIApp, early: Early, sent_away: Callable[[float], None]) -> None:
        self._app = app
        self._early = early
        self._sent_away = sent_away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; see the ASGI specification."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _COME_AGAIN:
                self._sent_away(_retry_after(message.get("headers", ())))
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._early.ended(scope)


def holding_time(retry_after: float) -> float:
    """Seconds for which the next job of a connection waits; never more than was told."""
    return min(retry_after, LONGEST) * (1 - _SPREAD * random.random())


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float:
    """Seconds; 0 where nothing was told, or a date."""
    told = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return float(told) if told.isdigit() else 0.0
