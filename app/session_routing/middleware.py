"""The ASGI layer: outermost but for logging, in front of any Gradio application."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..middleware.other_sites import OtherSitesMiddleware
from .exchange import Exchange, Routing
from .forward import BrokenAnswerError
from .logins import LoginMiddleware
from .owners import Owners
from .page_release import target_of
from .peer_server import PeerServer
from .peers.client import PATH, PeerClient
from .peers.file import PeersFile
from .peers.members import Members
from .peers.peer import Ask, Condition, Peer
from .peers.peer_http import PeerHttp
from .peers.signatures import (
    CLOCK,
    HEADER,
    SECRETS,
    UNTIMELY,
    Secrets,
    Signature,
    Signatures,
)
from .routed_request import RoutedRequest
from .session_names import SessionNames
from .session_table import SessionTable

_BODY_LIMIT = 16 << 20
"""Bytes of a request that are read to find its session; Gradio sends files apart from it."""
_log = logging.getLogger("app.session_routing")


class SessionRouting:
    """Middleware that sends every request that needs a certain node there. Start it through ASGI's
    lifespan, or with ``start`` and ``stop``.

    Raises ``PeersFileError`` when a file of peers is wrong at the beginning; later it keeps the
    peers it has, and logs what is wrong.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        node: str,
        peers: Iterable[Peer] | PeersFile,
        secret: bytes | Secrets,
        condition: Ask = Condition,
        body_limit: int = _BODY_LIMIT,
        page: str | None = None,
        keeper: Callable[[str], str | None] = lambda path: None,
        origins: Collection[str] = (),
        joined: Callable[[Members], None] = lambda members: None,
    ) -> None:
        """``secret`` may be a function that gives those that are good at that moment, the one to
        sign with first. ``page`` is the path of Gradio's page, ``/`` where it is mounted at the
        root: with it, and with a ``condition`` that tells a release, a page keeps to nodes of its
        release.
        ``keeper`` says of a path which node has the file where another has not; None of what is no
        file. ``origins`` are those of other sites whose pages may use the app, ``*`` for all.
        ``joined`` is given the members."""
        self._signatures = Signatures(secret, node)
        self._peer_http = PeerHttp()
        self._peer_client = PeerClient(self._peer_http, self._signatures)
        self._peers_file = peers if isinstance(peers, PeersFile) else None
        first = peers.peers() if isinstance(peers, PeersFile) else peers
        self.members = Members(node, first, self._peer_client, condition)
        joined(self.members)
        table = SessionTable()
        self.members.on_moved = table.forget
        self.owners = Owners(self.members, table, self._peer_client)
        self._peer_server = PeerServer(self.owners)
        self._routing = Routing(
            LoginMiddleware(app, self.owners),
            self.members,
            self.owners,
            self._signatures,
            self._peer_http,
            frozenset({page, page.rstrip("/") + "/config"} if page is not None else ()),
            keeper,
            body_limit,
        )
        self._following: asyncio.Task[None] | None = None
        self._other_sites = OtherSitesMiddleware(SessionNames(self._http, body_limit), origins)

    def start(self) -> None:
        """Begin to watch the peers."""
        self.members.watch()
        if self._peers_file is not None:
            self._following = asyncio.ensure_future(self._peers_file.follow(self._join))

    async def stop(self) -> None:
        """Let the peers go."""
        self.members.leave()
        self.owners.stop()
        if self._following is not None:
            self._following.cancel()
        await self._peer_http.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] == "lifespan":
            await self._routing.app(scope, self._living(receive), send)
        elif scope["type"] != "http":
            await self._routing.app(scope, receive, send)
        else:
            try:
                await self._other_sites(scope, receive, send)
            except BrokenAnswerError as error:
                # Nothing can be said any more: the connection to the client breaks as well.
                _log.warning("a node went in the middle of an answer: %s", error)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = self._take_signature(scope)
        if given is not None and not given.timely:
            told = {
                CLOCK: self._signatures.shown(given),
                SECRETS: self._signatures.known(given),
            }
            answer = PlainTextResponse("this signature is not timely", UNTIMELY, told)
            await answer(scope, receive, send)
            return
        passed = given is not None
        exchange = Exchange(self._routing, scope, receive, send)
        if exchange.path.startswith(PATH):
            await (await self._peer_server.to(scope, receive, passed=passed))(scope, receive, send)
        elif not passed:
            await RoutedRequest(exchange).respond()
        elif exchange.release in (None, exchange.own_release):
            # One hop and no more: whoever sent it here has decided that this is the place.
            exchange.note_arrival()
            await exchange.serve()
        else:
            await exchange.release_gone()

    def _living(self, receive: Receive) -> Receive:
        async def listen() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
            return message

        return listen

    def _take_signature(self, scope: Scope) -> Signature | None:
        """The signature of a peer that sent this; the header goes no further, whoever wrote it."""
        given = [value for name, value in scope["headers"] if name == HEADER]
        if not given:
            return None
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != HEADER]
        target = target_of(scope).decode("latin-1")
        found = (
            self._signatures.read(given[0], scope["method"], target) if len(given) == 1 else None
        )
        if found is None:
            _log.warning("a request with a signature that is not valid was taken for a client's")
        else:
            found.restore(scope)
        return found

    def _join(self, peers: list[Peer]) -> None:
        self.members.replace(peers)
        _log.info("peers: %s", ", ".join(self.members.peers) or "none")
