"""A path of the API that is asked for by a method it does not have; without this the page, which is
at the root, would say that there is no such path."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class WrongMethod(BaseRoute):
    """Route that answers 405 with ``Allow`` (RFC 9110, section 15.5.6) for the paths of ``routes``,
    which come before it."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = tuple(routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as Starlette does, but for a method that the path does not have."""
        if scope["type"] == "http" and self._match(scope) is Match.PARTIAL:
            return Match.FULL, {}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse one request. Raises HTTPException."""
        allowed = [m for m in _METHODS if self._match({**scope, "method": m}) is Match.FULL]
        message = f"{scope['path']} takes no {scope['method']}, but {' and '.join(allowed)}"
        raise HTTPException(405, message, {"Allow": ", ".join(allowed)})

    def _match(self, scope: Scope) -> Match:
        """The best that any route has."""
        found = (route.matches(scope)[0] for route in self._routes)
        return max(found, key=lambda match: match.value, default=Match.NONE)
