"""Lending as a node has it: made from its settings, started and stopped with it."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter

from app.lending import routes
from app.lending.exchange import Exchange
from app.lending.ledger import Ledger
from app.lending.message import Kind
from app.lending.wire import HttpWire
from app.session_routing import Peer, PeersFile
from app.session_routing.passes import Passes
from app.speech import SpeechService


class Lending:
    """One node's. `opened` says whether the node takes jobs of others now."""

    def __init__(
        self,
        service: SpeechService,
        *,
        node: str,
        release: str,
        peers_file: Path,
        secret: bytes,
        opened: Callable[[], bool],
    ) -> None:
        self.ledger = Ledger()
        self._service = service
        self._node = node
        self._file = PeersFile(peers_file)
        self._passes = Passes(secret, node)
        self._kind = Kind(release, service.engine.name)
        self._wire = HttpWire(self._passes, self._kind, self.ledger)
        self._exchange = Exchange(service.pool.line, self._wire, opened)
        self._wire.refused = self._exchange.refused
        self._following: asyncio.Task[None] | None = None

    @property
    def peers(self) -> int:
        """Nodes that jobs may go to."""
        return self._exchange.peers

    def routes(self) -> APIRouter:
        """What peers ask for."""
        return routes.routes(self._service, self._exchange, self.ledger, self._passes, self._kind)

    def start(self) -> None:
        """Begin to lend and borrow."""
        self._service.pool.join(self._exchange)
        self._file.give(self._join)
        self._following = asyncio.create_task(self._file.follow(self._join))

    async def stop(self) -> None:
        """Lend no more. What is lent already goes on until the pool stops."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        await self._exchange.stop()

    async def close(self) -> None:
        """Hang up."""
        await self._wire.close()

    def _join(self, peers: list[Peer]) -> None:
        self._exchange.replace(peer for peer in peers if peer.name != self._node)
