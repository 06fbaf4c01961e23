"""An HTTP request on this node: answered here, or forwarded to another node."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .buffering import again, read
from .forward import ArrivedRequest, NotForwardedError, UntimelyError, forward
from .owners import Owners
from .page_release import add_root, release_gone, take_release, target_of
from .peers.members import Members
from .peers.peer_http import PeerHttp
from .peers.signatures import HEADER, Signatures, on_behalf_of

_BUSY_FOR = 10.0
"""Seconds for which a node that takes no connection is tried again."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Parts of the middleware that all requests share."""

    app: ASGIApp
    members: Members
    owners: Owners
    signatures: Signatures
    http: PeerHttp
    pages: frozenset[str]
    """Paths that name the page's release in their answers."""
    keeper: Callable[[str], str | None]
    """The node that has a path's file; None for a path without a file."""
    body_limit: int


class Exchange:
    """A request, as far as it has been read, and the way to send its answer."""

    def __init__(self, routing: Routing, scope: Scope, receive: Receive, send: Send) -> None:
        self.routing = routing
        self.scope = scope
        self.send = send
        self.release = take_release(scope) if routing.pages else None
        """Release of the page that sent the request, where its path names one."""
        self.body: bytes | None = None
        """The whole body; None while it has not been read."""
        self._receive = receive

    @cached_property
    def own_release(self) -> str:
        """Release of this node. A node's whole condition is looked at for it."""
        return self.routing.members.own_condition().release

    @property
    def path(self) -> str:
        """Path of the request, without the release."""
        path: str = self.scope["path"]
        return path

    def header(self, name: bytes) -> str:
        """The value of the request's first header of that name; empty where there is none."""
        found = (value for key, value in self.scope["headers"] if key == name)
        return next(found, b"").decode("latin-1")

    async def read_body(self) -> bool:
        """Read the whole body. False where it is too large, which is answered, or was cut off."""
        self.body, complete = await read(self._receive, self.routing.body_limit)
        if not complete:
            await self.respond(PlainTextResponse("the request is too large", 413))
        return complete

    async def respond(self, answer: ASGIApp) -> None:
        """Send an answer of this middleware's own."""
        await answer(self.scope, self._receive, self.send)

    async def release_gone(self) -> None:
        """Have the page load itself anew: its release is on no node that could answer."""
        await release_gone(self.scope, self._receive, self.send)

    async def serve(self, send: Send | None = None) -> None:
        """Have the application of this node answer. A page, and what programs read instead of
        one, learns to name this release."""
        release = self.own_release
        if self.release is None and release and self.path in self.routing.pages:
            add_root(self.scope, release)
        receive = self._receive if self.body is None else again(self.body, self._receive)
        await self.routing.app(self.scope, receive, send or self.send)

    def note_arrival(self) -> None:
        """Count a job that was promised to this node as one that is here."""
        if self.path.rstrip("/").endswith("/queue/join"):
            self.routing.members.arrived()

    async def forward(self, name: str, send: Send | None = None) -> None:
        """Have another node answer. Raises ``NotForwardedError`` and ``BrokenAnswerError``."""
        try:
            await self._forward(name, send or self.send)
        except NotForwardedError:
            self.routing.members.doubt(name)
            raise

    async def _forward(self, name: str, send: Send) -> None:
        url = self.routing.members.peers[name].url
        silent = self.routing.members.silent(name)
        client = on_behalf_of(self.scope)
        target = target_of(self.scope).decode("latin-1")

        async def attempt() -> None:
            given = self.routing.signatures.write(name, self.scope["method"], target, client)
            try:
                await forward(
                    self.routing.http,
                    url,
                    (HEADER, given),
                    ArrivedRequest(self.scope, self._receive, self.body),
                    send,
                    silent,
                )
            except UntimelyError as error:
                self.routing.signatures.learn(name, given, error.shown)
                raise

        try:
            await attempt()
        except UntimelyError as error:
            if error.reached:
                raise
            # Now its clock is known.
            await attempt()

    async def forward_patiently(self, name: str, send: Send | None = None) -> None:
        """Have the one node answer that can: while it takes no connection it may only be busy."""
        end = time.monotonic() + _BUSY_FOR
        while True:
            try:
                await self.forward(name, send)
            except NotForwardedError as error:
                if error.reached or error.refused or not self.routing.members.keeps(name):
                    raise
                if time.monotonic() > end:
                    raise
            else:
                return
