"""The server that lines go to, over HTTP."""

from __future__ import annotations

import base64
import http.client
import ssl
import urllib.parse
from typing import Any

TIMEOUT = 20.0
"""Seconds."""
Settings = dict[str, Any]


class NotTakenError(Exception):
    """The server does not take lines now; the same ones may be sent again."""


class Place:
    """The server, or one of several, over a connection that is kept."""

    def __init__(self, settings: Settings) -> None:
        self._urls: list[str] = settings["urls"]
        self._trusted = ssl.create_default_context(cadata=settings.get("ca"))
        self._at = 0
        self._open: http.client.HTTPConnection | None = None
        self._headers = {"User-Agent": "cosyvoice-log-sender"}
        if settings.get("username"):
            account = f"{settings['username']}:{settings['password']}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(account).decode()}"
        if settings.get("tenant"):
            self._headers["X-Scope-OrgID"] = settings["tenant"]

    def post(self, path: str, kind: str, body: bytes) -> tuple[int, bytes]:
        """Status and answer. Raises ``NotTakenError`` where none of the servers can be asked."""
        problem = ""
        for _ in self._urls:
            url = urllib.parse.urlsplit(self._urls[self._at])
            try:
                if self._open is None:
                    self._open = self._connection(url)
                headers = {**self._headers, "Content-Type": kind}
                self._open.request("POST", url.path.rstrip("/") + path, body, headers)
                answer = self._open.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                problem = f"{url.netloc}: {reason(error)}"
                self.another()
        raise NotTakenError(problem)

    def another(self) -> None:
        """Ask the next server from now on."""
        if self._open is not None:
            self._open.close()
        self._open, self._at = None, (self._at + 1) % len(self._urls)

    def _connection(self, url: urllib.parse.SplitResult) -> http.client.HTTPConnection:
        host = url.hostname or ""
        if url.scheme == "https":
            return http.client.HTTPSConnection(
                host, url.port, timeout=TIMEOUT, context=self._trusted
            )
        return http.client.HTTPConnection(host, url.port, timeout=TIMEOUT)


def reason(error: Exception) -> str:
    """One line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())[:200]
