"""Security headers for browsers, in every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = (
    # A file is what its type says, whatever is in it.
    (b"x-content-type-options", b"nosniff"),
    # No other site shows the page inside its own; no plug-ins, no other base for links.
    (b"content-security-policy", b"frame-ancestors 'self'; object-src 'none'; base-uri 'self'"),
    (b"x-frame-options", b"SAMEORIGIN"),
    # Addresses of outputs stay here.
    (b"referrer-policy", b"same-origin"),
)


class SecurityHeadersMiddleware:
    """Middleware that adds headers that an answer does not have itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                there = {name.lower() for name, _ in headers}
                headers += [pair for pair in HEADERS if pair[0] not in there]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, answer)
