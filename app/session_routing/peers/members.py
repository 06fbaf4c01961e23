"""Membership: every peer is asked for its condition about twice a second."""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from .client import PeerClient, PeerError
from .peer import Ask, Condition, Peer

_INTERVAL = 0.5
"""Seconds between two questions to a peer."""
_ALIVE_FOR = 2.5
"""Seconds an answer is good for: one lost question does not make a peer dead."""
_SILENT_AFTER = 10.0
"""Seconds without an answer after which a peer's sessions are given up: much more than a peer that
is only busy takes, for what it works on is lost then."""
_AWAY_AFTER = _SILENT_AFTER - 2
"""Seconds without a turn after which this node asks what it still owns: less than peers wait."""
_RESERVED_FOR = 2.0
"""Seconds in which a promised job arrives; then its place is free again."""
_log = logging.getLogger("app.session_routing")


class Members:
    """This node and its peers."""

    def __init__(self, node: str, peers: Iterable[Peer], peer_client: PeerClient, ask: Ask) -> None:
        self.node = node
        self.peers: dict[str, Peer] = {}
        self.own: Peer | None = None
        """This node, as the others know it; None where it is not among those it was given."""
        self._peer_client = peer_client
        self._ask = ask
        self._watching: dict[Peer, asyncio.Task[None]] | None = None
        self._heard: dict[str, tuple[Condition, float]] = {}
        self._answered: dict[str, float] = {}
        self._silent: dict[str, asyncio.Event] = {}
        self._promised: list[float] = []
        self._process = secrets.token_hex(8)
        self._processes: dict[str, str] = {}
        self.on_moved: Callable[[str], None] = lambda name: None
        """Called with the name of a node whose sessions may be elsewhere: a peer that is another
        process than it was, or this node after it has hung."""
        self.replace(peers)

    def replace(self, peers: Iterable[Peer]) -> None:
        """Have these peers from now on. This node itself may be among them."""
        every = {peer.name: peer for peer in peers}
        self.own = every.pop(self.node, None)
        self.peers = every
        self._heard = {name: heard for name, heard in self._heard.items() if name in self.peers}
        if self._watching is not None:
            self.watch()

    @property
    def names(self) -> list[str]:
        """Names of all nodes, alive or not: the same on every node."""
        return [self.node, *self.peers]

    @property
    def live(self) -> list[str]:
        """Names of those that answer, and this one."""
        return [self.node, *(name for name in self.peers if self.alive(name))]

    def alive(self, name: str) -> bool:
        """Tell whether a node has answered lately."""
        if name == self.node:
            return True
        found = self._heard.get(name)
        return found is not None and time.monotonic() - found[1] < _ALIVE_FOR

    def keeps(self, name: str) -> bool:
        """Tell whether a node still has its sessions: it answers, or may only be slow to."""
        return name == self.node or (name in self._heard and not self.silent(name).is_set())

    def silent(self, name: str) -> asyncio.Event:
        """Set while a peer has not answered for so long that it must be taken for hung or gone."""
        return self._silent.setdefault(name, asyncio.Event())

    def release(self, name: str) -> str:
        """The release of a live node; of another that which it was when it was heard of last."""
        if name == self.node:
            return self.own_condition().release
        return self._heard[name][0].release if name in self._heard else ""

    def of_release(self, release: str) -> list[str]:
        """Live nodes of a release, those that are ready first."""
        found = [name for name in self.live if self.release(name) == release]
        return sorted(found, key=lambda name: not self._ready(name))

    @property
    def ready_peers(self) -> list[str]:
        """Live peers that take new sessions, the least loaded one first."""
        ready = [name for name in self.peers if self.alive(name) and self._ready(name)]
        return sorted(ready, key=lambda name: self._heard[name][0].load)

    def _ready(self, name: str) -> bool:
        return (self.own_condition() if name == self.node else self._heard[name][0]).ready

    def own_condition(self) -> Condition:
        """Describe this node: jobs it has, and those promised to it."""
        now = time.monotonic()
        self._promised = [when for when in self._promised if now - when < _RESERVED_FOR]
        own = self._ask()
        jobs = own.jobs + len(self._promised)
        return replace(own, jobs=jobs, process=self._process)

    def conditions(self) -> dict[str, Condition]:
        """Conditions of live peers, as of their last answers."""
        return {name: self._heard[name][0] for name in self.peers if self.alive(name)}

    def promise(self) -> None:
        """A session that begins a job is on its way here."""
        self._promised.append(time.monotonic())

    def arrived(self) -> None:
        """A promised job is here, and counts as itself from now on."""
        if self._promised:
            self._promised.pop(0)

    def eligible(self, release: str) -> dict[str, Condition]:
        """Nodes that take new sessions of a release; of any where none of that release does."""
        conditions = {self.node: self.own_condition()}
        conditions |= self.conditions()
        ready = {name: said for name, said in conditions.items() if said.ready}
        same = {name: said for name, said in ready.items() if said.release == release}
        return same or ready or {self.node: conditions[self.node]}

    async def condition(self, name: str) -> Condition:
        """Ask a node for its condition right now. Raises ``PeerError``."""
        if name == self.node:
            return self.own_condition()
        peer = self.peers[name]
        said = await self._peer_client.condition(peer)
        if self.peers.get(name) == peer:
            if self._processes.get(name, said.process) != said.process:
                _log.info("peer %s has been started anew", name)
                self.on_moved(name)
            self._processes[name] = said.process
            before = self._heard.get(name)
            if before is not None and before[0].ready != said.ready and self.alive(name):
                _log.info("peer %s takes %s sessions", name, "new" if said.ready else "no new")
            now = time.monotonic()
            self._heard[name] = (said, now)
            self._answered[name] = now
            self.silent(name).clear()
        return said

    async def answers(self, name: str) -> bool:
        """Ask a node that somebody has given up."""
        try:
            await self.condition(name)
        except PeerError as error:
            self.failed(name, error)
            return False
        except KeyError:
            return False
        return True

    def failed(self, name: str, error: PeerError) -> None:
        """A peer gave no answer. Where it only took no connection in time it may be busy, and
        what it works on would be lost if it were given up."""
        if error.refused:
            self.lost(name)

    def lost(self, name: str) -> None:
        """A connection to a peer was refused: it is not asked until it answers again."""
        if self._heard.pop(name, None) is not None:
            _log.warning("peer %s is gone", name)

    def watch(self) -> None:
        """Ask every peer, until ``leave``. Needs a running event loop."""
        watching = self._watching or {}
        peers = self.peers.values()
        for peer in set(watching) - set(peers):
            watching.pop(peer).cancel()
        for peer in peers:
            if peer not in watching:
                watching[peer] = asyncio.ensure_future(self._watch(peer.name))
        self._watching = watching

    def leave(self) -> None:
        """Ask nobody any more."""
        for task in (self._watching or {}).values():
            task.cancel()
        self._watching = None

    async def _watch(self, name: str) -> None:
        while True:
            began = time.monotonic()
            was = self.alive(name)
            try:
                said = await self.condition(name)
                if not was:
                    _log.info("peer %s is there%s", name, "" if said.ready else ", not ready")
            except PeerError as error:
                if was and not self.alive(name):
                    _log.warning("peer %s does not answer: %s", name, error)
                if time.monotonic() - self._answered.get(name, 0) > _SILENT_AFTER:
                    self.silent(name).set()
            # Not in step with the others, who would all ask at the same moment.
            await asyncio.sleep(_INTERVAL * random.uniform(0.8, 1.2))
            if time.monotonic() - began > _AWAY_AFTER:
                _log.warning("this node hung: its sessions may have gone to others")
                self.on_moved(self.node)
