"""Questions that a node asks by itself, so that it knows its peers. What they cost does not grow
with the number of nodes.

Peers that are asked regularly (``rings``) tell what is new of others. One that is doubted, by what
was told of it or because it did not answer a request, is asked until it answers or is silent. And
at any time some other peer is asked, by chance: nobody stays forgotten.
"""

import asyncio
import logging
import random
import time
from functools import partial
from typing import Protocol

from . import rings
from .client import PeerError
from .peer import Condition, Peer

INTERVAL = 0.5
"""Seconds between two questions to a peer."""
SILENT_AFTER = 10.0
"""Seconds without an answer after which a peer's sessions are given up: much more than a peer that
is only busy takes, for what it works on is lost then."""
_AWAY_AFTER = SILENT_AFTER - 2
"""Seconds without a turn after which this node asks what it still owns: less than peers wait."""
_DOUBTED = 32
"""Peers that are asked at a time because they are doubted."""
_log = logging.getLogger("app.session_routing")


class Asked(Protocol):
    """The subject of the questions; ``app.session_routing.peers.members.Members``."""

    node: str
    peers: dict[str, Peer]
    regular: set[str]

    async def condition(self, name: str) -> Condition:
        """Ask a peer. Raises ``PeerError``."""
        ...

    async def news(self, name: str) -> Condition:
        """Ask a peer for what it knows of others too. Raises ``PeerError``."""
        ...

    def alive(self, name: str) -> bool:
        """Tell whether a node has answered lately."""
        ...

    def failed(self, name: str, error: PeerError) -> None:
        """Note that a peer has given no answer."""
        ...

    def unanswered(self, name: str) -> None:
        """Note that a peer that is asked regularly, or is doubted, has not answered."""
        ...

    def is_doubted(self, name: str) -> bool:
        """Tell whether a peer is to be asked because it may be gone."""
        ...

    def is_silent(self, name: str) -> bool:
        """Tell whether a peer must be taken for hung or gone."""
        ...

    def on_moved(self, name: str) -> None:
        """Have the sessions of a node looked for anew."""
        ...


class Watching:
    """Questions to peers, until ``stop``. Needs a running event loop."""

    def __init__(self, members: Asked) -> None:
        self._members = members
        self._regular: dict[Peer, asyncio.Task[None]] = {}
        self._others: asyncio.Task[None] | None = None
        self._doubted: dict[str, asyncio.Task[None]] = {}
        self._next_doubted: dict[str, None] = {}

    def update(self) -> None:
        """Ask the peers that there are now."""
        members = self._members
        wanted = {members.peers[name] for name in members.regular}
        for peer in set(self._regular) - wanted:
            self._regular.pop(peer).cancel()
        for peer in wanted - set(self._regular):
            self._regular[peer] = asyncio.ensure_future(self._ask_regularly(peer.name))
        if len(wanted) == len(members.peers):
            self._stop_others()
        elif self._others is None:
            self._others = asyncio.ensure_future(self._ask_others())

    def stop(self) -> None:
        """Ask nobody any more."""
        for task in self._regular.values():
            task.cancel()
        self._regular.clear()
        self._stop_others()

    def doubt(self, name: str) -> None:
        """Ask a peer until it answers or is silent."""
        if name in self._members.regular or name in self._doubted:
            return
        self._next_doubted[name] = None
        self._ask_next_doubted()

    def _stop_others(self) -> None:
        if self._others is not None:
            self._others.cancel()
            self._others = None
        self._next_doubted.clear()
        for task in self._doubted.values():
            task.cancel()

    def _ask_next_doubted(self) -> None:
        while self._next_doubted and len(self._doubted) < _DOUBTED:
            name = next(iter(self._next_doubted))
            del self._next_doubted[name]
            task = asyncio.ensure_future(self._ask_doubted(name))
            self._doubted[name] = task
            task.add_done_callback(partial(self._end_doubt, name))

    def _end_doubt(self, name: str, _: asyncio.Task[None]) -> None:
        self._doubted.pop(name, None)
        self._ask_next_doubted()

    async def _ask_regularly(self, name: str) -> None:
        members = self._members
        while True:
            began = time.monotonic()
            was = members.alive(name)
            try:
                said = await members.news(name)
                if not was:
                    _log.info("peer %s is there%s", name, "" if said.ready else ", not ready")
            except PeerError as error:
                members.unanswered(name)
                if was and not members.alive(name):
                    _log.warning("peer %s does not answer: %s", name, error)
            await self._pause()
            if time.monotonic() - began > _AWAY_AFTER:
                _log.warning("this node hung: its sessions may have gone to others")
                members.on_moved(members.node)

    async def _ask_doubted(self, name: str) -> None:
        members = self._members
        while members.is_doubted(name):
            try:
                await members.condition(name)
            except PeerError as error:
                members.unanswered(name)
                if members.is_silent(name):
                    _log.warning("peer %s does not answer: %s", name, error)
                    return
            else:
                return
            await self._pause()

    async def _ask_others(self) -> None:
        members = self._members
        while True:
            others = sorted(members.peers.keys() - members.regular)
            # Those that are asked regularly may all be gone, and nothing is told any more.
            lacking = rings.RINGS - sum(map(members.alive, members.regular))
            chosen = random.sample(others, min(len(others), max(1, lacking)))
            await asyncio.gather(*map(self._ask_other, chosen))
            await self._pause()

    async def _ask_other(self, name: str) -> None:
        members = self._members
        if name not in members.peers:
            return
        try:
            if any(map(members.alive, members.regular)):
                await members.condition(name)
            else:
                await members.news(name)
        except PeerError as error:
            members.failed(name, error)

    async def _pause(self) -> None:
        # Not in step with the others, who would all ask at the same moment.
        await asyncio.sleep(INTERVAL * random.uniform(0.8, 1.2))
