"""More peers than are told of waiting jobs: so many by chance, of those that answer."""

import asyncio
import random
import time

from app.lending import broker
from app.lending.broker import Broker
from app.lending.peer_interface import PeerSilentError
from app.session_routing.peers.peer import Peer
from app.workers.job_queue import JobQueue
from app.workers.remote import RemoteSlot
from benchmarks.lending.nodes import LendingNode, Network
from benchmarks.session_routing import virtual_time

_PEERS = [Peer(f"rs{number:03}", "") for number in range(2, 301)]


class RecordingPeers:
    """Peers without a free slot, some of which are silent."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.told: list[str] = []
        self.asked: list[str] = []

    async def waiting(self, peer: Peer, age: float | None) -> int:
        self.told.append(peer.name)
        await asyncio.sleep(0.001)
        if peer.name in self.silent:
            raise PeerSilentError(peer.name)
        return 0

    async def offer(self, peer: Peer, next_best: float | None) -> tuple[bool, float | None]:
        return False, None

    async def spare(self, peer: Peer) -> int:
        self.asked.append(peer.name)
        return 0

    def loan(self, peer: Peer) -> RemoteSlot:
        raise NotImplementedError


async def _told_of_a_job(peers: list[Peer], silent: set[str], seconds: float) -> list[list[str]]:
    """Names of those who were told in each second for which a job waits, and of those told that
    none does any more."""
    client, queue = RecordingPeers(), JobQueue()
    client.silent = silent
    queue.neighbours = Broker(queue, client)
    queue.neighbours.replace(peers)
    await asyncio.sleep(0.1)
    assert client.told == []
    job = asyncio.ensure_future(queue.acquire("", 0.0))
    told = []
    for _ in range(round(seconds)):
        await asyncio.sleep(1.1)
        told.append(list(client.told))
        client.told.clear()
    job.cancel()
    await asyncio.sleep(0.5)
    told.append(list(client.told))
    await queue.neighbours.stop()
    return told


def test_of_many_a_bounded_number_is_told_and_told_when_nobody_waits_any_more() -> None:
    first, second, last = virtual_time.run(_told_of_a_job(_PEERS, set(), 2))
    assert len(set(first)) == broker._TOLD
    assert len(first) <= 2 * broker._TOLD and len(second) <= 2 * broker._TOLD
    # The same, so that each knows when it is over.
    assert set(first) == set(second) == set(last)


def test_of_few_all_are_told() -> None:
    few = _PEERS[: broker._TOLD]
    first, _ = virtual_time.run(_told_of_a_job(few, set(), 1))
    assert set(first) == {peer.name for peer in few}


def test_a_peer_that_is_silent_gives_its_place_to_another() -> None:
    silent = {peer.name for peer in _PEERS[::2]}
    *_, before, _ = virtual_time.run(_told_of_a_job(_PEERS, silent, 12))
    there = set(before) - silent
    assert len(there) >= broker._TOLD - 2
    assert len(before) <= 2 * broker._TOLD


def test_of_few_one_that_is_silent_is_told_again() -> None:
    few = _PEERS[:3]
    *_, before, _ = virtual_time.run(_told_of_a_job(few, {"rs002"}, 4))
    assert set(before) == {peer.name for peer in few}


async def _asked_for_a_patient_job(seconds: float) -> list[str]:
    client, queue = RecordingPeers(), JobQueue()
    queue.neighbours = Broker(queue, client)
    queue.neighbours.replace(_PEERS)
    job = asyncio.ensure_future(queue.acquire_spare("", 0.0))
    await asyncio.sleep(seconds)
    job.cancel()
    await queue.neighbours.stop()
    return client.asked


def test_of_many_a_bounded_number_is_asked_for_spare_slots() -> None:
    asked = virtual_time.run(_asked_for_a_patient_job(2.5))
    assert len(set(asked)) == broker._TOLD
    assert len(asked) <= 3 * broker._TOLD


async def _served_by_all(nodes: int, jobs: int) -> list[float]:
    """Seconds that jobs waited, all of which came to one node, faster than they are done."""
    random.seed(1)
    network: Network[LendingNode] = Network(1)
    peers = [Peer(f"rs{number:03}", "") for number in range(nodes)]
    for peer in peers:
        LendingNode(peer.name, 1, network)
    for name, node in network.nodes.items():
        node.lend_to(peer for peer in peers if peer.name != name)
    home = network.nodes[peers[0].name]

    async def served(number: int) -> float:
        await asyncio.sleep(number * 0.05)
        came = time.monotonic()
        began = await home.serve(20.0)
        assert began is not None
        return began - came

    waits = await asyncio.gather(*map(served, range(jobs)))
    for node in network.nodes.values():
        await node.broker.stop()
    return waits


def test_a_node_that_gets_most_jobs_finds_more_free_workers_than_it_tells_at_once() -> None:
    waits = virtual_time.run(_served_by_all(nodes=80, jobs=70))
    # Of the 49 peers that are not told at first, all but nine are needed.
    assert max(waits) < 1.0
