"""Pages of other sites may neither read anything nor have anything done in their visitor's name.

Gradio lets every origin read, with credentials, wherever the page is not asked for as localhost;
those headers are taken out of its answers. A request without a preflight is sent all the same
(Fetch standard, "CORS-safelisted"), and it would be carried out: it is refused. Programs send
neither of the two headers that are looked at, and browsers let no page forge them.
"""

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.refusal import refusal

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class OtherSitesMiddleware:
    """Middleware that keeps pages out whose site is not among ``allowed`` (origins, or ``*`` for
    all): what changes something is refused with 403, and of the rest their browsers let them see
    nothing."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(origin.lower() for origin in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http" or self._may(scope):
            await self._app(scope, receive, send)
            return
        if scope["method"] in _SAFE:
            await self._app(scope, receive, _unread(send))
            return
        en = "a page of another site sent this; its origin is not among those that may"
        zh = "请求来自其他网站的页面，该来源未被允许"
        answer = refusal(403, "other_site", en, zh, kind="invalid_request_error")
        await answer(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if "*" in self._allowed or origin in self._allowed:
            return True
        # Browsers send it where the address is https or localhost (Fetch Metadata, section 2).
        if site := headers.get(b"sec-fetch-site"):
            return site in (b"same-origin", b"none")
        if not origin:
            return True
        # A proxy in front may have a Host of its own; a page cannot add this header unasked.
        own = {headers.get(name, b"") for name in (b"host", b"x-forwarded-host")}
        return origin.partition("://")[2] in {one.decode("latin-1").lower() for one in own if one}


def _unread(send: Send) -> Send:
    """The answer without what would let the page read it (Fetch standard, section 3.2.3)."""

    async def closed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                pair
                for pair in message.get("headers", ())
                if not pair[0].lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": headers}
        await send(message)

    return closed
