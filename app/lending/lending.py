"""Lending as a node has it: made from its settings, started and stopped with it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter

from app.lending import routes
from app.lending.exchange import Exchange
from app.lending.ledger import Ledger
from app.lending.message import Kind
from app.lending.wire import HttpWire
from app.session_routing import PeersFile, PeersFileError
from app.session_routing.passes import Passes
from app.speech import SpeechService

_LOOK = 2.0
"""Seconds between two looks whether the file of peers has changed."""
_log = logging.getLogger("app.lending")


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
        self._read()
        self._following = asyncio.create_task(self._follow())

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

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            if self._file.changed():
                self._read()

    def _read(self) -> None:
        try:
            peers = self._file.peers()
        except PeersFileError as error:
            _log.error("the peers stay as they are: %s", error)
        else:
            self._exchange.replace(peer for peer in peers if peer.name != self._node)
