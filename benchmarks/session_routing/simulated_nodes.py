"""Nodes on a virtual clock that have owners of sessions too."""

from typing import Any, cast

from app.session_routing.owners import Owners
from app.session_routing.peers.client import PeerClient
from app.session_routing.peers.members import Members
from app.session_routing.peers.peer import Condition, Peer
from app.session_routing.session_table import SessionTable
from benchmarks.lending import nodes


class Network(nodes.Network["SimulatedNode"]):
    """The things that all nodes share."""


class SimulatedNode(nodes.LendingNode):
    """A node with so many workers that finds the owners of sessions."""

    def __init__(self, name: str, slots: int, network: Network) -> None:
        super().__init__(name, slots, network)
        self._slots = slots
        peer_client = cast(PeerClient, _OwnerWire(self))
        self._members = _AllThere(name, [], peer_client, self.condition)
        self.owners = Owners(self._members, SessionTable(), peer_client)

    async def meet(self, *, lends: bool) -> None:
        """Know the others; all of them must be there."""
        peers = [Peer(name, "") for name in self.network.nodes if name != self.name]
        self._members.replace(peers)
        for peer in peers:
            self._members._spoke(peer.name, self.network.nodes[peer.name].condition())
        if lends:
            self.lend_to(peers)

    def condition(self) -> Condition:
        """Return what it says of itself."""
        return Condition(jobs=self.running + self.queue.waiting, slots=self._slots)

    async def serve(self, length: float, *, patient: bool = False) -> float | None:
        """One job; see ``nodes.LendingNode``."""
        if self.queue.idle or self.queue.waiting < nodes.PLACES:
            self._members.arrived()
        return await super().serve(length, patient=patient)


class _OwnerWire:
    """`app.session_routing.peers.client.PeerClient` without a wire."""

    def __init__(self, node: SimulatedNode) -> None:
        self._node = node

    async def condition(self, peer: Peer) -> Condition:
        other = await self._arrive(peer)
        said = other._members.own_condition()
        await self._node.network.travel()
        return said

    async def locate(self, peer: Peer, key: str, release: str, **more: Any) -> str | None:
        other = await self._arrive(peer)
        owner = await other.owners.decide(key, release, **more)
        await self._node.network.travel()
        return owner

    async def known(self, peer: Peer, key: str) -> str | None:
        other = await self._arrive(peer)
        owner = other.owners.table.get(key)
        await self._node.network.travel()
        return owner

    async def pin(self, peer: Peer, key: str, owner: str, *, late: bool = False) -> None:
        other = await self._arrive(peer)
        if other.owners.heard(key, owner, late=late) and owner == other.name:
            other._members.promise()
        await self._node.network.travel()

    async def _arrive(self, peer: Peer) -> SimulatedNode:
        await self._node.network.travel()
        other: SimulatedNode = self._node.network.nodes[peer.name]
        return other


class _AllThere(Members):
    """Nobody dies in the simulation, so nobody is asked twice a second."""

    def alive(self, name: str) -> bool:
        return True

    def keeps(self, name: str) -> bool:
        return True
