"""Length limit of bodies: no request may fill the memory."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.refusal import refusal


class BodyLimitMiddleware:
    """Middleware that refuses bodies over ``limit`` bytes with 413; ``others`` has paths with
    another limit or none."""

    def __init__(self, app: ASGIApp, limit: int, others: Mapping[str, int | None]) -> None:
        self._app = app
        self._limit = limit
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._others.get(scope["path"], self._limit)
        if limit is None:
            await self._app(scope, receive, send)
        else:
            await self._limited(limit, scope, receive, send)

    async def _limited(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            await _refuse(limit, scope, receive, send)
            return
        length, started = 0, False

        async def counted() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            # The application sees a client that hung up, and stops reading.
            return message if length <= limit else {"type": "http.disconnect"}

        async def answer(message: Message) -> None:
            nonlocal started
            if length <= limit or started:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, answer)
        except Exception:
            if length <= limit or started:
                raise
        if length > limit and not started:
            await _refuse(limit, scope, receive, send)


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    en, zh = f"the request body is longer than {limit} bytes", f"请求体超过 {limit} 字节"
    kind = "invalid_request_error"
    await refusal(413, "body_too_long", en, zh, kind=kind)(scope, receive, send)
