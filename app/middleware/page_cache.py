"""The page is rendered once for each way in which it is asked for, not for each who asks.

Gradio copies its whole configuration and renders its template for every request: milliseconds of
the one event loop that all streams share. What it answers depends only on what ``Way`` holds
(Gradio 6.31, ``route_utils.get_request_origin``), as long as there is no query and nobody logs in
to Gradio itself. What is kept has been compressed once too.
"""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST = 64
"""Answers that are kept: 40 kB each compressed, 150 kB where a client takes no compression."""
_LOOKED_AT = (
    b"host",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-gradio-server",
    b"accept-encoding",
)
_LONGEST = 512
"""Bytes of what tells a way; longer ones are answered and not kept."""


@dataclass(frozen=True, slots=True)
class Way:
    """Properties of a request that Gradio's answer depends on."""

    path: str
    root: str
    scheme: str
    headers: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(cls, scope: Scope) -> "Way":
        """The way of a request."""
        told = tuple(pair for pair in scope["headers"] if pair[0] in _LOOKED_AT)
        return cls(scope["path"], scope.get("root_path", ""), scope["scheme"], told)

    @property
    def length(self) -> int:
        """Bytes, roughly."""
        return len(self.root) + sum(len(value) for _, value in self.headers)


class PageCacheMiddleware:
    """Middleware that answers a GET of one of ``paths`` with an earlier answer, where that was
    200."""

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app)
        self._paths = paths
        self._kept: OrderedDict[Way, list[Message]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if not self._same_for_all(scope):
            await self._app(scope, receive, send)
            return
        way = Way.of(scope)
        if kept := self._kept.get(way):
            self._kept.move_to_end(way)
            for message in kept:
                await send(_copy(message))
            return
        answer: list[Message] = []

        async def noted(message: Message) -> None:
            answer.append(_copy(message))
            await send(message)

        await self._compressed(scope, receive, noted)
        if way.length <= _LONGEST and _whole(answer):
            self._keep(way, answer)

    def _same_for_all(self, scope: Scope) -> bool:
        return (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and scope["path"] in self._paths
            and not scope["query_string"]
        )

    def _keep(self, way: Way, answer: list[Message]) -> None:
        self._kept[way] = answer
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)


def _whole(answer: list[Message]) -> bool:
    if not answer or answer[0].get("status") != 200 or answer[-1].get("more_body", False):
        return False
    return not any(name.lower() == b"set-cookie" for name, _ in answer[0]["headers"])


def _copy(message: Message) -> dict[str, Any]:
    """Layers outside add headers in place."""
    copied = dict(message)
    if "headers" in copied:
        copied["headers"] = list(copied["headers"])
    return copied
