"""Count of the requests that are not answered to the end: the clients that would notice if the node
went now.

Jobs alone do not tell: an upload has no job yet, a download none any more, and a stream that is
passed on to another node never had one here.
"""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

_PAGES = "/gradio_api/heartbeat/"
# What looks at the node, and would count itself.
_LOOKS = ("/healthz", "/readyz", "/cluster/status", "/metrics", "/_session_routing/")


@dataclass(slots=True)
class OpenRequests:
    """Numbers of open requests."""

    answers: int = 0
    """Requests under way: uploads, streams, downloads."""
    pages: int = 0
    """Pages that are open somewhere: each keeps a stream for as long as it is, and opens another
    when this one ends."""


class OpenRequestsMiddleware:
    """Middleware that counts HTTP requests from their first byte to the last of their answer."""

    def __init__(self, app: ASGIApp, counts: OpenRequests) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] != "http" or scope["path"].startswith(_LOOKS):
            await self._app(scope, receive, send)
            return
        counter = "pages" if scope["path"].startswith(_PAGES) else "answers"
        self._add(counter, 1)
        try:
            await self._app(scope, receive, send)
        finally:
            self._add(counter, -1)

    def _add(self, counter: str, by: int) -> None:
        setattr(self._counts, counter, getattr(self._counts, counter) + by)
