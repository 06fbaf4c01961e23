"""Refusal of jobs while the queue is full, before anything of the request is read.

Reading and checking a request costs more than telling it to come again.
"""

from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import SpeechError
from app.refusal import refusal_of


class FullQueueMiddleware:
    """Middleware that answers a POST to one of ``paths`` with the error of ``refusal()``, where
    there is one."""

    def __init__(
        self,
        app: ASGIApp,
        paths: Collection[str],
        refusal: Callable[[], SpeechError | None],
    ) -> None:
        self._app = app
        self._paths = paths
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        speaks = scope["type"] == "http" and scope["path"] in self._paths
        error = self._refusal() if speaks and scope["method"] == "POST" else None
        if error is None:
            await self._app(scope, receive, send)
            return
        await refusal_of(error)(scope, receive, send)
