"""The sender of each request, in its scope: whose is what it makes, and what may it see."""

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..access.browsers import (
    COOKIE,
    SECURE_COOKIE,
    caller_of_token,
    cookie_with,
    new_token,
    token_in,
)
from ..access.ownership import NOBODY, Caller, Rules, caller_of_key
from .api_keys import KEY_NAME

_CALLER = "cosyvoice.caller"
"""Key in the ASGI scope."""
_OURS = (f"{COOKIE}=".encode(), f"{SECURE_COOKIE}=".encode())


class CallersMiddleware:
    """Middleware that names the sender of a request. A browser that opens one of ``pages`` gets a
    token, or keeps its own for longer; with API keys there are no such pages."""

    def __init__(self, app: ASGIApp, rules: Rules, pages: Collection[str] = ()) -> None:
        self._app = app
        self._rules = rules
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if key := scope.get(KEY_NAME):
            scope[_CALLER] = caller_of_key(key, self._rules)
            await self._app(scope, receive, send)
            return
        secure = scope["scheme"] == "https"
        token = token_in(scope["headers"], secure=secure)
        scope[_CALLER] = caller_of_token(token, self._rules)
        if scope["path"] in self._pages and scope["method"] == "GET":
            send = _with_cookie(send, cookie_with(token or new_token(), secure=secure))
        await self._app(scope, receive, send)


def caller_of(scope: Scope | None) -> Caller:
    """The sender of a request; nobody where that is not known."""
    found: Caller = (scope or {}).get(_CALLER, NOBODY)
    return found


def _with_cookie(send: Send, cookie: str) -> Send:
    """An answer that sets the cookie. One from another node loses its own: that has not seen how
    the client came."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (name, value)
                for name, value in message.get("headers", ())
                if name.lower() != b"set-cookie" or not value.startswith(_OURS)
            ]
            headers.append((b"set-cookie", cookie.encode()))
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                # A cache that others share would hand one browser's cookie to all.
                headers.append((b"cache-control", b"private, no-cache"))
            message = {**message, "headers": headers}
        await send(message)

    return answer
