"""HEAD for every path of the API that has GET (RFC 9110, section 9.3.2)."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send


class Head(BaseRoute):
    """Route that answers HEAD as ``routes``, which come before it, answer GET, without the
    content."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = tuple(routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a HEAD request where a route has GET."""
        asked = scope["type"] == "http" and scope["method"] == "HEAD"
        return (Match.FULL if asked and self._found(scope) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def without_content(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        found = self._found(scope)
        assert found is not None
        route, get = found
        await route.handle(get, receive, without_content)

    def _found(self, scope: Scope) -> tuple[BaseRoute, Scope] | None:
        """The route, and the request as it gets it: a copy, for the server and the layers around
        look at the method of their own."""
        get = {**scope, "method": "GET"}
        for route in self._routes:
            match, more = route.matches(get)
            if match is Match.FULL:
                return route, {**get, **more}
        return None
