"""Gives every request an id, says which node answered, and logs the answer."""

import logging
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("app.access")
_QUIET = {"/healthz", "/readyz"}
"""Asked every second by every director."""
_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")


class AccessLog:
    """ASGI middleware; streams pass through it unbuffered."""

    def __init__(self, app: ASGIApp, node: str) -> None:
        self._app, self._node = app, node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given.decode() if _ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode()),
                    (b"x-node", self._node.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            if scope["path"] not in _QUIET:
                client = scope.get("client")
                fields = {
                    "request_id": request_id,
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "client": client[0] if client else "",
                    "seconds": round(time.monotonic() - began, 4),
                }
                _log.info("request", extra=fields)
