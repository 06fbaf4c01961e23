"""A request that one node alone can answer: the owner of its session, event, upload or login."""

import contextlib
import json
import logging
from urllib.parse import unquote

from starlette.responses import PlainTextResponse

from app.session_routing.buffering import HeldAnswer
from app.session_routing.event_stream import EventStream
from app.session_routing.exchange import Exchange
from app.session_routing.forward import BrokenAnswerError, NotForwardedError
from app.session_routing.needs import Kind, Need, session_in_body
from app.session_routing.owners import SESSION
from app.session_routing.two_choices import ranked

_ATTEMPTS = 3
_log = logging.getLogger("app.session_routing")


class OwnedRequest:
    """A request for one node, whose body has been read where only the body tells what it needs."""

    def __init__(self, exchange: Exchange, wanted: Need) -> None:
        self._exchange = exchange
        self._wanted = wanted
        self._members = exchange.routing.members
        self._owners = exchange.routing.owners

    async def respond(self) -> None:
        """Find the owner and have it answer; another one where it has gone."""
        exchange = self._exchange
        owner: str | None = None
        for _ in range(_ATTEMPTS):
            owner = await self._owner(gone=owner)
            if exchange.release not in (None, self._release_of(owner)):
                await exchange.release_gone()
                return
            if self._wanted.event is not None and owner is not None:
                await self._note_event(self._wanted.event, owner)
            if owner is None:
                _log.info("no node knows what %s asks for", exchange.path)
            if owner in (None, self._members.node):
                await self._here()
                return
            try:
                await self._there(owner)
            except NotForwardedError as error:
                _log.warning("%s does not answer: %s", owner, error)
                if error.refused:
                    self._members.lost(owner)
                if exchange.body is None and exchange.scope["method"] not in ("GET", "HEAD"):
                    # Its body has begun to be read and is gone.
                    break
            else:
                return
        headers = {"Retry-After": "1"}
        text = "no node can take this request now"
        await exchange.respond(PlainTextResponse(text, 503, headers))

    def _release_of(self, owner: str | None) -> str:
        return self._members.release(owner or self._members.node)

    async def _owner(self, *, gone: str | None) -> str | None:
        exchange, kind, key = self._exchange, self._wanted.kind, self._wanted.key
        release = exchange.own_release if exchange.release is None else exchange.release
        if kind is Kind.UPLOAD:
            # Upload and progress come at the same time: no time to ask, and no need to.
            any_release = exchange.release is None
            able = self._members.live if any_release else self._members.of_release(release)
            return next(iter(ranked(f"upload {key}", able)), None)
        if kind is Kind.CALL:
            return self._owners.choice(str(id(exchange.scope)), release)[0]
        if (known_as := self._known_as()) is None:
            return None
        begins = kind is Kind.SESSION and self._wanted.begins
        return await self._owners.find(known_as, release, begins=begins, gone=gone)

    def _known_as(self) -> str | None:
        """The key by which owners are remembered; None where the request names nothing."""
        key = self._wanted.key
        if self._wanted.kind is Kind.EVENT:
            return f"event {unquote(key or '')}"
        if self._wanted.kind is Kind.MCP:
            return f"mcp {key}"
        if self._wanted.kind is Kind.LOGIN:
            return key or ""
        if key is None:
            body = self._exchange.body or b""
            key = session_in_body(body, self._exchange.header(b"content-type"))
        return None if key is None else SESSION + key

    async def _here(self) -> None:
        self._exchange.note_arrival()
        if self._wanted.kind is not Kind.CALL:
            await self._exchange.serve()
            return
        held = HeldAnswer(self._exchange.send)
        await self._exchange.serve(held)
        await self._pin_event(self._members.node, held)

    async def _there(self, owner: str) -> None:
        if self._wanted.kind is not Kind.CALL:
            await self._stream_from(owner)
            return
        held = HeldAnswer(self._exchange.send)
        try:
            await self._exchange.forward_patiently(owner, held)
        except BrokenAnswerError as error:
            raise NotForwardedError(str(error), reached=True) from error
        await self._pin_event(owner, held)

    async def _stream_from(self, owner: str) -> None:
        exchange, named = self._exchange, self._wanted.kind is Kind.EVENT
        events = EventStream(exchange.send, named=named)
        streams = exchange.scope["method"] == "GET" and (
            named or exchange.path.rstrip("/").endswith("/queue/data")
        )
        try:
            await exchange.forward_patiently(owner, events if streams else None)
        except BrokenAnswerError:
            if not (streams and await events.end()):
                raise

    async def _pin_event(self, owner: str, held: HeldAnswer) -> None:
        """Tell the owner of its event before the client has the answer, and asks for it."""
        with contextlib.suppress(ValueError, AttributeError):
            if event := json.loads(held.body).get("event_id"):
                await self._owners.tell(f"event {event}", owner)
        await held.release()

    async def _note_event(self, event: str, owner: str) -> None:
        """Tell the owner of an event: the request that ends it names nothing else."""
        if self._owners.table.get(f"event {event}") is None:
            await self._owners.tell(f"event {event}", owner)
