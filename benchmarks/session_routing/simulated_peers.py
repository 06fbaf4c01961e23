"""Nodes that only know of each other, on a virtual clock: membership is the real one, and a
question is a pause."""

import asyncio
import random
from collections import Counter
from dataclasses import replace

from app.session_routing.peers.client import Answer, PeerClient, PeerError
from app.session_routing.peers.members import Members
from app.session_routing.peers.peer import Condition, Peer

_ONE_WAY = 0.001
_PATIENCE = 1.0
"""Seconds for which a node waits for an answer, as the real client does."""


class PeerNetwork:
    """Nodes that ask each other, some of which may hang or be gone."""

    def __init__(self, nodes: int, seed: int = 1) -> None:
        random.seed(seed)
        self.questions: Counter[str] = Counter()
        """Number of questions asked, by the node that asks."""
        self.hung: set[str] = set()
        self.gone: set[str] = set()
        self.cut: set[tuple[str, str]] = set()
        """Pairs of nodes of which the first does not reach the second."""
        self.said = {f"rs{number:03}": Condition() for number in range(1, nodes + 1)}
        self.peers = [Peer(name, "") for name in self.said]
        self.members = {name: self._node(name) for name in self.said}

    def _node(self, name: str) -> Members:
        return Members(name, self.peers, Wire(self, name), lambda: self.said[name])

    def start(self, *names: str) -> None:
        """Have these nodes, or all, ask their peers."""
        for name in names or self.members:
            self.members[name].watch()

    def kill(self, name: str) -> None:
        """Have a process end: its port takes no connection."""
        self.gone.add(name)
        self.members[name].leave()

    def restart(self, name: str) -> None:
        """Have another process by the name of one that has ended."""
        self.gone.discard(name)
        self.members[name] = self._node(name)
        self.start(name)

    def change(self, name: str, **said: bool | str) -> None:
        """Have a node say something else of itself."""
        self.said[name] = replace(self.said[name], **said)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Have all nodes ask nobody any more."""
        for members in self.members.values():
            members.leave()

    async def asked(self, by: str, name: str) -> Members:
        """Have a question travel. Raises ``PeerError`` where it gets no answer."""
        self.questions[by] += 1
        await self._travel()
        if name in self.gone:
            raise PeerError(f"{name} is gone", reached=False, refused=True)
        if name in self.hung or (by, name) in self.cut:
            await asyncio.sleep(_PATIENCE)
            raise PeerError(f"{name} hangs")
        await self._travel()
        return self.members[name]

    async def _travel(self) -> None:
        await asyncio.sleep(_ONE_WAY + random.expovariate(2 / _ONE_WAY))


class Wire(PeerClient):
    """A peer client without a wire."""

    def __init__(self, network: PeerNetwork, node: str) -> None:
        self._network = network
        self._node = node

    async def condition(self, peer: Peer) -> Condition:
        """Ask for a condition."""
        return (await self._network.asked(self._node, peer.name)).own_condition()

    async def news(self, peer: Peer, since: str | None) -> Answer:
        """Ask for a condition and for news."""
        there = await self._network.asked(self._node, peer.name)
        told = there.told(since)
        return Answer(there.own_condition(), told["news"], told["upto"])
