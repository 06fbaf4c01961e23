"""No request may fill the memory: bodies have a greatest length."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.refusal import refusal


class BodyLimit:
    """Refuses bodies over `limit` bytes with 413. Paths in `exempt` have limits of their own."""

    def __init__(self, app: ASGIApp, limit: int, exempt: frozenset[str]) -> None:
        self._app = app
        self._limit = limit
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http" or scope["path"] in self._exempt:
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._limit:
            await self._refuse(scope, receive, send)
            return
        length, started = 0, False

        async def counted() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            # The application sees a client that hung up, and stops reading.
            return message if length <= self._limit else {"type": "http.disconnect"}

        async def answer(message: Message) -> None:
            nonlocal started
            if length <= self._limit or started:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, answer)
        except Exception:
            if length <= self._limit or started:
                raise
        if length > self._limit and not started:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"the request body is longer than {self._limit} bytes"
        await refusal(413, "body_too_long", message)(scope, receive, send)
