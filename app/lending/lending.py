"""Lending as a node has it: made from its settings, started and stopped with it."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter

from ..session_routing import Peer, PeersFile
from ..session_routing.peers.signatures import Secrets, Signatures
from ..speech import SpeechService
from . import routes
from .broker import Broker
from .ledger import Ledger
from .message import Kind
from .peer_client import HttpPeerClient


class Lending:
    """Lending of one node. ``opened`` says whether the node takes jobs of others now."""

    def __init__(
        self,
        service: SpeechService,
        *,
        node: str,
        release: str,
        peers_file: Path,
        secret: Secrets,
        opened: Callable[[], bool],
    ) -> None:
        self.ledger = Ledger()
        self._service = service
        self._node = node
        self._file = PeersFile(peers_file)
        self._signatures = Signatures(secret, node)
        self._kind = Kind(release, service.engine.name)
        self._client = HttpPeerClient(self._signatures, self._kind, self.ledger)
        self._broker = Broker(service.pool.queue, self._client, opened)
        self._client.refused = self._broker.refused
        self._client.ended = self._broker.ended
        self._following: asyncio.Task[None] | None = None

    @property
    def peers(self) -> int:
        """Nodes that jobs may go to."""
        return self._broker.peers

    def routes(self) -> APIRouter:
        """Build the routes for peers."""
        return routes.routes(self._service, self._broker, self.ledger, self._signatures, self._kind)

    def start(self) -> None:
        """Begin to lend and borrow."""
        self._service.pool.join(self._broker)
        self._file.give(self._join)
        self._following = asyncio.create_task(self._file.follow(self._join))

    async def stop(self) -> None:
        """Lend no more. What is lent already continues until the pool stops."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        await self._broker.stop()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _join(self, peers: list[Peer]) -> None:
        self._broker.replace(peer for peer in peers if peer.name != self._node)
