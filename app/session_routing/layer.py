"""The ASGI layer: outermost but for logging, in front of any Gradio application."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Collection, Iterable
from urllib.parse import unquote

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.other_sites import OtherSites
from app.session_routing.answers import Answers
from app.session_routing.bodies import again, read
from app.session_routing.event_stream import EventStream
from app.session_routing.forward import (
    BrokenAnswerError,
    NotForwardedError,
    UntimelyError,
    forward,
)
from app.session_routing.held_answer import HeldAnswer
from app.session_routing.logins import Logins, keys
from app.session_routing.mcp_stream import McpStream
from app.session_routing.members import Members
from app.session_routing.owners import SESSION, Owners
from app.session_routing.passes import CLOCK, HEADER, UNTIMELY, Pass, Passes
from app.session_routing.peer import Ask, Condition, Peer
from app.session_routing.peers_file import PeersFile
from app.session_routing.pins import Pins
from app.session_routing.ranking import ranked
from app.session_routing.release_gone import release_gone
from app.session_routing.release_path import add_root, take_release, target_of
from app.session_routing.requests import Kind, Need, need, session_in_body
from app.session_routing.session_names import SessionNames
from app.session_routing.wire import PATH, Wire

_BODY_LIMIT = 16 << 20
"""Bytes of a request that are read to find its session; Gradio sends files apart from it."""
_ATTEMPTS = 3
_BUSY_FOR = 10.0
"""Seconds for which a node that takes no connection is tried again."""
_log = logging.getLogger("app.session_routing")


class SessionRouting:
    """Sends every request that needs a certain node there. Start it through ASGI's lifespan, or
    with `start` and `stop`.

    Raises `PeersFileError` when a file of peers is wrong at the beginning; later it keeps the
    peers it has, and logs what is wrong.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        node: str,
        peers: Iterable[Peer] | PeersFile,
        secret: bytes,
        condition: Ask = Condition,
        body_limit: int = _BODY_LIMIT,
        page: str | None = None,
        keeper: Callable[[str], str | None] = lambda path: None,
        origins: Collection[str] = (),
    ) -> None:
        """`page` is the path of Gradio's page, `/` where it is mounted at the root: with it, and
        with a `condition` that tells a release, a page keeps to nodes of its release. `keeper`
        says of a path which node has the file where another has not; None of what is no file.
        `origins` are those of other sites whose pages may use the app, `*` for all."""
        self._pages = {page, page.rstrip("/") + "/config"} if page is not None else set()
        self._body_limit = body_limit
        self._keeper = keeper
        self._passes = Passes(secret, node)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        # Peers are named by address: no proxy of the environment is asked for them.
        self._client = httpx.AsyncClient(limits=limits, trust_env=False)
        self._wire = Wire(self._client, self._passes)
        self._peers_file = peers if isinstance(peers, PeersFile) else None
        first = peers.peers() if isinstance(peers, PeersFile) else peers
        self.members = Members(node, first, self._wire, condition)
        pins = Pins()
        self.members.on_moved = pins.forget
        self.owners = Owners(self.members, pins, self._wire)
        self._answers = Answers(self.owners)
        self._app = Logins(app, self.owners)
        self._following: asyncio.Task[None] | None = None
        self._door = OtherSites(SessionNames(self._http, body_limit), origins)

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
        await self._client.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        if scope["type"] == "lifespan":
            await self._app(scope, self._living(receive), send)
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            try:
                await self._door(scope, receive, send)
            except BrokenAnswerError as error:
                # Nothing can be said any more: the connection to the client breaks as well.
                _log.warning("a node went in the middle of an answer: %s", error)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = self._take_pass(scope)
        if given is not None and not given.timely:
            clock = {CLOCK: self._passes.shown(given)}
            await PlainTextResponse("this pass is not timely", UNTIMELY, clock)(
                scope, receive, send
            )
            return
        passed = given is not None
        named = take_release(scope) if self._pages else None
        if scope["path"].startswith(PATH):
            await (await self._answers.to(scope, receive, passed=passed))(scope, receive, send)
        elif not passed:
            await self._route(named, scope, receive, send)
        elif named in (None, self.members.own_condition().release):
            # One hop and no more: whoever sent it here has decided that this is the place.
            self._note_arrival(scope)
            await self._serve(named, scope, receive, send)
        else:
            await release_gone(scope, receive, send)

    def _living(self, receive: Receive) -> Receive:
        async def listen() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
            return message

        return listen

    def _take_pass(self, scope: Scope) -> Pass | None:
        """The pass of a peer that sent this; the header goes no further, whoever wrote it."""
        given = [value for name, value in scope["headers"] if name == HEADER]
        if not given:
            return None
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != HEADER]
        target = target_of(scope).decode("latin-1")
        found = self._passes.read(given[0], scope["method"], target) if len(given) == 1 else None
        if found is None:
            _log.warning("a request with a pass that is not good was taken for a client's")
        elif found.client:
            scope["client"] = (found.client, 0)
        return found

    async def _serve(self, named: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Here. A page, and what programs read instead of one, learns to name this release."""
        release = self.members.own_condition().release
        if named is None and release and scope["path"] in self._pages:
            add_root(scope, release)
        await self._app(scope, receive, send)

    async def _route(self, named: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        """A client's request; `named` is the release of the page that sent it, where it says."""
        wanted = await self._login(scope)
        if wanted is None:
            wanted = need(scope["method"], scope["path"], scope["query_string"])
        if wanted is None and scope["method"] == "GET" and self._keeper(scope["path"]):
            wanted = Need(Kind.FILE, scope["path"])
        if wanted is None or not self.members.peers:
            await self._anywhere(named, scope, receive, send)
            return
        if wanted.kind is Kind.FILE:
            await self._file(scope, receive, send)
            return
        if wanted == Need(Kind.MCP):
            await self._anywhere(named, scope, receive, McpStream(send, self._mcp_begins))
            return
        body: bytes | None = None
        if wanted.kind is Kind.CALL or wanted.key is None:
            body, complete = await read(receive, self._body_limit)
            if not complete:
                await PlainTextResponse("the request is too large", 413)(scope, receive, send)
                return
        await self._to_owner(wanted, named, body, scope, receive, send)

    async def _login(self, scope: Scope) -> Need | None:
        """All that comes from somebody who has logged in needs the node that knows it."""
        release = self.members.own_condition().release
        for key in keys(scope["headers"], b"cookie"):
            if await self.owners.find(key, release, begins=False) is not None:
                return Need(Kind.LOGIN, key)
        return None

    async def _anywhere(
        self, named: str | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """What any node of the page's release can answer."""
        own = self.members.own_condition()
        here = named in (None, own.release)
        others: list[str] = []
        if not here:
            others = self.members.of_release(named or "")
        elif not own.ready and scope["path"] in self._pages:
            # Whoever opens the page now is to begin on a node that stays.
            others = self.members.ready_peers
        for name in others:
            with contextlib.suppress(NotForwardedError):
                await self._pass_on(name, scope, receive, send, None)
                return
        if here or scope["path"].rstrip("/").endswith("/app_id"):
            # A page of another release takes this id for the sign to load itself anew.
            await self._serve(named, scope, receive, send)
        else:
            await release_gone(scope, receive, send)

    async def _to_owner(
        self,
        wanted: Need,
        named: str | None,
        body: bytes | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        owner: str | None = None
        for _ in range(_ATTEMPTS):
            owner = await self._owner(wanted, named, body, scope, gone=owner)
            if named is not None and self.members.release(owner or self.members.node) != named:
                await release_gone(scope, receive, send)
                return
            if wanted.event is not None and owner is not None:
                await self._note_event(wanted.event, owner)
            if owner is None:
                _log.info("no node knows what %s asks for", scope["path"])
            if owner in (None, self.members.node):
                await self._here(wanted, named, body, scope, receive, send)
                return
            try:
                await self._there(owner, wanted, body, scope, receive, send)
            except NotForwardedError as error:
                _log.warning("%s does not answer: %s", owner, error)
                if error.refused:
                    self.members.lost(owner)
                if body is None and scope["method"] not in ("GET", "HEAD"):
                    # Its body has begun to be read and is gone.
                    break
            else:
                return
        headers = {"Retry-After": "1"}
        answer = PlainTextResponse("no node can take this request now", 503, headers)
        await answer(scope, receive, send)

    async def _owner(
        self,
        wanted: Need,
        named: str | None,
        body: bytes | None,
        scope: Scope,
        *,
        gone: str | None,
    ) -> str | None:
        release = self.members.own_condition().release if named is None else named
        key = wanted.key
        if wanted.kind is Kind.UPLOAD:
            # Upload and progress come at the same time: no time to ask, and no need to.
            able = self.members.live if named is None else self.members.of_release(named)
            return next(iter(ranked(f"upload {key}", able)), None)
        if wanted.kind is Kind.CALL:
            return self.owners.choice(str(id(scope)), release)[0]
        if wanted.kind is Kind.EVENT:
            event = f"event {unquote(key or '')}"
            return await self.owners.find(event, release, begins=False, gone=gone)
        if wanted.kind is Kind.MCP:
            return await self.owners.find(f"mcp {key}", release, begins=False, gone=gone)
        if wanted.kind is Kind.LOGIN:
            return await self.owners.find(key or "", release, begins=False, gone=gone)
        if key is None:
            key = session_in_body(body or b"", _header(scope, b"content-type"))
        if key is None:
            return None
        return await self.owners.find(SESSION + key, release, begins=wanted.begins, gone=gone)

    async def _here(
        self,
        wanted: Need,
        named: str | None,
        body: bytes | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if body is not None:
            receive = again(body, receive)
        self._note_arrival(scope)
        if wanted.kind is not Kind.CALL:
            await self._serve(named, scope, receive, send)
            return
        held = HeldAnswer(send)
        await self._app(scope, receive, held)
        await self._pin_event(self.members.node, held)

    async def _there(
        self,
        owner: str,
        wanted: Need,
        body: bytes | None,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if wanted.kind is Kind.CALL:
            held = HeldAnswer(send)
            try:
                await self._pass_patiently(owner, scope, receive, held, body)
            except BrokenAnswerError as error:
                raise NotForwardedError(str(error), reached=True) from error
            await self._pin_event(owner, held)
            return
        events = EventStream(send, named=wanted.kind is Kind.EVENT)
        told = scope["method"] == "GET" and (
            wanted.kind is Kind.EVENT or scope["path"].rstrip("/").endswith("/queue/data")
        )
        try:
            await self._pass_patiently(owner, scope, receive, events if told else send, body)
        except BrokenAnswerError:
            if not (told and await events.end()):
                raise

    async def _pass_patiently(
        self, name: str, scope: Scope, receive: Receive, send: Send, body: bytes | None
    ) -> None:
        """To the one node that can answer: while it takes no connection it may only be busy."""
        end = time.monotonic() + _BUSY_FOR
        while True:
            try:
                await self._pass_on(name, scope, receive, send, body)
            except NotForwardedError as error:
                if error.reached or error.refused or not self.members.keeps(name):
                    raise
                if time.monotonic() > end:
                    raise
            else:
                return

    async def _pass_on(
        self, name: str, scope: Scope, receive: Receive, send: Send, body: bytes | None
    ) -> None:
        peer = self.members.peers[name]
        client = str(scope["client"][0]) if scope.get("client") else ""
        target = target_of(scope).decode("latin-1")
        silent = self.members.silent(name)

        async def forwarded() -> None:
            given = self._passes.write(name, scope["method"], target, client)
            own = (HEADER, given)
            try:
                await forward(self._client, peer.url, own, scope, receive, send, body, silent)
            except UntimelyError as error:
                self._passes.learn(name, given, error.shown)
                raise

        try:
            await forwarded()
        except UntimelyError as error:
            if error.reached:
                raise
            # Now its clock is known.
            await forwarded()

    async def _pin_event(self, owner: str, held: HeldAnswer) -> None:
        """The client asks for its event as soon as it has the answer: the owner is told first."""
        with contextlib.suppress(ValueError, AttributeError):
            if event := json.loads(held.body).get("event_id"):
                await self.owners.tell(f"event {event}", owner)
        await held.release()

    async def _mcp_begins(self, session: str) -> None:
        await self.owners.tell(f"mcp {session}", self.members.node)

    async def _note_event(self, event: str, owner: str) -> None:
        """What ends this event names nothing else."""
        if self.owners.pins.get(f"event {event}") is None:
            await self.owners.tell(f"event {event}", owner)

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """From the folder all nodes share; else from the node that has it, which is its keeper
        where one is known."""
        held = HeldAnswer(send, hold=_absent)
        await self._app(scope, receive, held)
        if not held.held:
            return
        keeper = self._keeper(scope["path"])
        for name in self.members.live:
            if name == self.members.node or keeper not in (None, name):
                continue
            theirs = HeldAnswer(send, hold=_absent)
            with contextlib.suppress(NotForwardedError):
                await self._pass_on(name, scope, receive, theirs, None)
                if not theirs.held:
                    return
        await held.release()

    def _join(self, peers: list[Peer]) -> None:
        self.members.replace(peers)
        _log.info("peers: %s", ", ".join(self.members.peers) or "none")

    def _note_arrival(self, scope: Scope) -> None:
        if scope["path"].rstrip("/").endswith("/queue/join"):
            self.members.arrived()


def _absent(status: int) -> bool:
    # 507: the folder that may have it cannot be read here.
    return status in (403, 404, 507)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
