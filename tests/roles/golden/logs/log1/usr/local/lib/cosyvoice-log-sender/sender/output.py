mode 0644 root:root
"""The common part of all kinds of server."""

from __future__ import annotations

import json

from .lines import Line
from .place import NotTakenError, Place, Settings

FOR_GOOD = (400, 422)
"""Statuses of requests that no repetition makes right."""


class Output:
    """The common part of both kinds of server."""

    path = ""
    kind = ""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.place = Place(settings)
        self.refused = 0
        self.last_refused = ""

    def send(self, lines: list[Line]) -> None:
        """In one request, or in more where the server finds it too large. Raises
        ``NotTakenError``."""
        status, answer = self.place.post(self.path, self.kind, self.body(lines))
        if status == 413 and len(lines) > 1:
            half = len(lines) // 2
            self.send(lines[:half])
            self.send(lines[half:])
        elif status == 413 or status in FOR_GOOD:
            self.refuse(len(lines), f"HTTP {status} {told(answer)}")
        elif not 200 <= status < 300:
            self.place.another()
            raise NotTakenError(f"HTTP {status} {told(answer)}".rstrip())
        else:
            self.taken(answer)

    def refuse(self, number: int, why: str) -> None:
        """So many lines are left out."""
        self.refused += number
        self.last_refused = why

    def body(self, lines: list[Line]) -> bytes:
        """A request with these lines."""
        raise NotImplementedError

    def taken(self, answer: bytes) -> None:
        """Look at what is said of single lines. Raises ``NotTakenError``."""


def told(answer: bytes) -> str:
    """The beginning of what a server said, without what it may quote of lines."""
    try:
        error = json.loads(answer)["error"]
        found = error["type"] if isinstance(error, dict) else ""
    except (ValueError, KeyError, TypeError):
        found = ""
    return str(found)[:80]
