"""A client's request: to the node that it needs, or answered by any."""

import contextlib

from .exchange import Exchange
from .forward import NotForwardedError
from .logins import keys
from .mcp_stream import McpStream
from .needs import Kind, Need, need
from .owned_request import OwnedRequest
from .shared_file import serve_file


class RoutedRequest:
    """A client's request and its way through the cluster."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._members = exchange.routing.members
        self._owners = exchange.routing.owners

    async def respond(self) -> None:
        """Answer here, or have the node answer that can."""
        exchange = self._exchange
        wanted = await self._need()
        if wanted is None or not self._members.peers:
            await self._anywhere()
        elif wanted.kind is Kind.FILE:
            await serve_file(exchange)
        elif wanted == Need(Kind.MCP):
            exchange.send = McpStream(exchange.send, self._mcp_begins)
            await self._anywhere()
        else:
            in_body = wanted.kind is Kind.CALL or wanted.key is None
            if not in_body or await exchange.read_body():
                await OwnedRequest(exchange, wanted).respond()

    async def _need(self) -> Need | None:
        scope = self._exchange.scope
        wanted = await self._login()
        if wanted is None:
            wanted = need(scope["method"], scope["path"], scope["query_string"])
        if wanted is None and scope["method"] in ("GET", "DELETE"):
            path = self._exchange.path
            wanted = Need(Kind.FILE, path) if self._exchange.routing.keeper(path) else None
        return wanted

    async def _login(self) -> Need | None:
        """Find the node of a login: all that comes from somebody who has logged in needs it."""
        release = self._exchange.own_release
        for key in keys(self._exchange.scope["headers"], b"cookie"):
            if await self._owners.find(key, release, begins=False) is not None:
                return Need(Kind.LOGIN, key)
        return None

    async def _anywhere(self) -> None:
        """Answer on any node of the page's release."""
        exchange = self._exchange
        here = exchange.release in (None, exchange.own_release)
        for name in self._rather(here=here):
            with contextlib.suppress(NotForwardedError):
                await exchange.forward(name)
                return
        if here or exchange.path.rstrip("/").endswith("/app_id"):
            # A page of another release takes this id for the sign to load itself anew.
            await exchange.serve()
        else:
            await exchange.release_gone()

    def _rather(self, *, here: bool) -> list[str]:
        """Nodes that are to answer rather than this one."""
        if not here:
            return self._members.of_release(self._exchange.release or "")
        opens_page = self._exchange.path in self._exchange.routing.pages
        if opens_page and not self._members.own_condition().ready:
            # Whoever opens the page now is to begin on a node that stays.
            return self._members.ready_peers
        return []

    async def _mcp_begins(self, session: str) -> None:
        await self._owners.tell(f"mcp {session}", self._members.node)
