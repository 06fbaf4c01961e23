"""Draining while the node stops: accepted work is finished, new work is sent elsewhere, and in the
end event streams, which never end by themselves, are closed."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.job_start import checked
from app.refusal import refusal


class DrainMiddleware:
    """Middleware that refuses new work with 503 while ``closed()``, and ends streams when
    ``hang_up`` is set."""

    def __init__(self, app: ASGIApp, closed: Callable[[], bool], hang_up: asyncio.Event) -> None:
        self._app = app
        self._closed = closed
        self._hang_up = hang_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] == "http" and scope["method"] == "GET":
            receive = self._until_hang_up(receive)
        await checked(self._app, self._may_begin, scope, receive, send)

    async def _may_begin(self) -> Response | None:
        if not self._closed():
            return None
        en, zh = "this node is stopping; try again", "本节点即将停止，请重试"
        return refusal(503, "stopping", en, zh, retry_after=1)

    def _until_hang_up(self, receive: Receive) -> Receive:
        """The application hears that the client is gone when the node is about to be."""

        async def listen() -> Message:
            message = asyncio.ensure_future(receive())
            end = asyncio.ensure_future(self._hang_up.wait())
            try:
                await asyncio.wait({message, end}, return_when=asyncio.FIRST_COMPLETED)
                return message.result() if message.done() else {"type": "http.disconnect"}
            finally:
                message.cancel()
                end.cancel()

        return listen
