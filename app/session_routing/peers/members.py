"""Membership: peers as they say they are, or as others tell of them. ``watching`` asks them."""

import asyncio
import logging
import math
import random
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from . import rings
from .client import PeerClient, PeerError
from .knowledge import Knowledge
from .own_condition import OwnCondition
from .peer import Ask, Condition, Peer
from .watching import SILENT_AFTER, Watching

_ALIVE_FOR = 2.5
"""Seconds an answer is good for: one lost question does not make a peer dead."""
_PATIENCE = 1.0
"""Seconds in which a peer that is doubted can answer before it counts as dead."""
_log = logging.getLogger("app.session_routing")


class Members:
    """This node and its peers."""

    def __init__(self, node: str, peers: Iterable[Peer], peer_client: PeerClient, ask: Ask) -> None:
        self.node = node
        self.peers: dict[str, Peer] = {}
        self.own: Peer | None = None
        """This node, as the others know it; None where it is not among those it was given."""
        self.regular: set[str] = set()
        """Peers that are asked regularly: all of them where they are few."""
        self._peer_client = peer_client
        self._watching: Watching | None = None
        process = secrets.token_hex(8)
        self._own_condition = OwnCondition(ask, process)
        self._knowledge = Knowledge(process)
        self._upto: dict[str, str | None] = {}
        self._answered = -math.inf
        self._doubted: dict[str, float] = {}
        self._silent: dict[str, asyncio.Event] = {}
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
        self.regular = rings.asked(self.node, every)
        self._knowledge.keep(every)
        for name in self._doubted.keys() - (every.keys() - self.regular):
            del self._doubted[name]
        if self._watching is not None:
            self._watching.update()

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
        known, now = self._knowledge.get(name), time.monotonic()
        if known is None:
            return False
        if now - max(known.heard, self._doubted.get(name, -math.inf)) < _ALIVE_FOR:
            return True
        if name in self.regular or name in self._doubted or known.doubtful or self.is_silent(name):
            return False
        # Of one that is not asked regularly no news is good news, as long as there may be any.
        return now - self._answered < _ALIVE_FOR

    def keeps(self, name: str) -> bool:
        """Tell whether a node still has its sessions: it answers, or may only be slow to."""
        if name == self.node:
            return True
        return self._knowledge.get(name) is not None and not self.is_silent(name)

    def silent(self, name: str) -> asyncio.Event:
        """Set while a peer has not answered for so long that it must be taken for hung or gone."""
        return self._silent.setdefault(name, asyncio.Event())

    def is_silent(self, name: str) -> bool:
        """Tell whether a peer must be taken for hung or gone."""
        return self.silent(name).is_set()

    def release(self, name: str) -> str:
        """The release of a live node; of another that which it was when it was heard of last."""
        if name == self.node:
            return self.own_condition().release
        known = self._knowledge.get(name)
        return "" if known is None else known.condition.release

    def of_release(self, release: str) -> list[str]:
        """Live nodes of a release, those that are ready first."""
        found = [name for name in self.live if self.release(name) == release]
        return sorted(found, key=lambda name: not self._ready(name))

    @property
    def ready_peers(self) -> list[str]:
        """Live peers that take new sessions, the least loaded one first; in any order after these
        those whose load is not known as it is now."""
        ready = [name for name, said in self.conditions().items() if said.ready]
        return sorted(ready, key=self._recent_load)

    def _recent_load(self, name: str) -> tuple[bool, float]:
        known = self._knowledge.get(name)
        recent = known is not None and time.monotonic() - known.heard < _ALIVE_FOR
        # Not the same order at all nodes.
        return not recent, known.condition.load if known and recent else random.random()

    def _ready(self, name: str) -> bool:
        if name == self.node:
            return self.own_condition().ready
        known = self._knowledge.get(name)
        return known is not None and known.condition.ready

    def own_condition(self) -> Condition:
        """Describe this node: jobs it has, and those promised to it."""
        return self._own_condition.now()

    def conditions(self) -> dict[str, Condition]:
        """Conditions of live peers, as they were last heard of."""
        found = {name: self._knowledge.get(name) for name in self.peers if self.alive(name)}
        return {name: known.condition for name, known in found.items() if known is not None}

    def promise(self) -> None:
        """A session that begins a job is on its way here."""
        self._own_condition.promise()

    def arrived(self) -> None:
        """A promised job is here, and counts as itself from now on."""
        self._own_condition.arrived()

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
            self._spoke(name, said)
        return said

    async def news(self, name: str) -> Condition:
        """Ask a peer for its condition, and where not all are asked regularly for what it knows of
        others. Raises ``PeerError``."""
        if len(self.regular) == len(self.peers):
            return await self.condition(name)
        peer, asked = self.peers[name], time.monotonic()
        answer = await self._peer_client.news(peer, self._upto.get(name))
        if self.peers.get(name) == peer:
            self._spoke(name, answer.condition)
            try:
                told = self._knowledge.told(answer.news, asked, self.peers.keys())
            except ValueError as error:
                raise PeerError(f"{name}: {error}") from error
            self._upto[name] = answer.upto
            for other in told:
                self._heard_of(other)
        return answer.condition

    def told(self, since: str | None) -> dict[str, Any]:
        """Tell a peer what is new of others since a place in the news of this node."""
        news, upto = self._knowledge.news(since, time.monotonic())
        return {"news": news, "upto": upto}

    def _spoke(self, name: str, said: Condition) -> None:
        before = self._knowledge.get(name)
        if before is not None and before.condition.ready != said.ready and self.alive(name):
            _log.info("peer %s takes %s sessions", name, "new" if said.ready else "no new")
        now = time.monotonic()
        if now - self._answered > _ALIVE_FOR:
            self._return()
        self._answered = now
        self._knowledge.spoke(name, said, now)
        self._doubted.pop(name, None)
        self._there(name, said.process)

    def _return(self) -> None:
        """This node was cut off from all others, and is not any more: let it be told anew how they
        are, and forget what it made of their silence."""
        self._upto.clear()
        self._doubted.clear()
        for name in self.peers.keys() - self.regular:
            self.silent(name).clear()

    def _heard_of(self, name: str) -> None:
        """Another node has told something new of a peer."""
        known = self._knowledge.get(name)
        if known is None or name in self.regular:
            return
        if known.doubtful:
            self.doubt(name)
        else:
            self._there(name, known.condition.process)

    def _there(self, name: str, process: str) -> None:
        if self._processes.get(name, process) != process:
            _log.info("peer %s has been started anew", name)
            self.on_moved(name)
        self._processes[name] = process
        self.silent(name).clear()

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
        else:
            self.doubt(name)

    def lost(self, name: str) -> None:
        """A connection to a peer was refused: it is not asked until it answers again."""
        if self._knowledge.refused(name, self.node, time.monotonic()):
            _log.warning("peer %s is gone", name)
        self.doubt(name)

    def doubt(self, name: str) -> None:
        """A peer that is not asked regularly may be gone: have it asked."""
        known, now = self._knowledge.get(name), time.monotonic()
        met = self._knowledge.met(name)
        if not met or name in self.regular | self._doubted.keys() or self.is_silent(name):
            return
        if known is None or not known.missed:
            # As far as anybody knew it has spoken for as long as anybody has spoken to this node.
            self._doubted[name] = self._answered
        elif now - known.spoke < SILENT_AFTER:
            self._doubted[name] = max(known.spoke, now - _ALIVE_FOR + _PATIENCE)
        else:
            self._doubted[name] = known.spoke
        if self._watching is not None:
            self._watching.doubt(name)

    def is_doubted(self, name: str) -> bool:
        """Tell whether a peer is to be asked because it may be gone."""
        return name in self._doubted

    def unanswered(self, name: str) -> None:
        """A peer that is asked regularly, or is doubted, has not answered."""
        heard = max(self._knowledge.last_heard(name), self._doubted.get(name, -math.inf))
        if time.monotonic() - heard > SILENT_AFTER:
            self.silent(name).set()
            self._doubted.pop(name, None)
        if name in self.regular:
            self._knowledge.missed(name, self.node)

    def watch(self) -> None:
        """Ask peers, until ``leave``. Needs a running event loop."""
        if self._watching is None:
            self._watching = Watching(self)
        self._watching.update()

    def leave(self) -> None:
        """Ask nobody any more."""
        if self._watching is not None:
            self._watching.stop()
        self._watching = None
