"""More nodes than are all asked: what it costs, and how soon each knows of a change, by the real
membership on a virtual clock."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest

from app.session_routing.peers.client import Answer, PeerClient, PeerError
from app.session_routing.peers.members import Members
from app.session_routing.peers.peer import Condition, Peer
from benchmarks.session_routing import virtual_time
from benchmarks.session_routing.simulated_peers import PeerNetwork

MANY = 34
A_SECOND = 2 * 1.1
"""Questions to one that is asked regularly, with some room for chance."""
DEAD_WITHIN = 2.5 + 1.0 + 0.5
"""Seconds for which an answer is good, in which one that is doubted can answer, and between two
questions of one node to another."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Without a line for each node that notices something."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


class Crowd(PeerClient):
    """Peers that answer at once, or hang; all tell of all."""

    def __init__(self, peers: list[Peer]) -> None:
        self.peers = peers
        self.hung: set[str] = set()
        self.missed: set[str] = set()
        """Peers that others do not hear from since ``died``."""
        self.died = 0.0
        self.questions = 0

    async def condition(self, peer: Peer) -> Condition:
        self.questions += 1
        if peer.name in self.hung:
            await asyncio.sleep(1)
            raise PeerError("no answer in time")
        return Condition(process=peer.name)

    async def news(self, peer: Peer, since: str | None) -> Answer:
        said, age = await self.condition(peer), time.monotonic() - self.died
        if since:
            return Answer(
                said, [self._told(name, age, "one", "two") for name in self.missed], since
            )
        return Answer(said, [self._told(other.name, 0.1) for other in self.peers], "crowd:1")

    def _told(self, name: str, age: float, *missed: str) -> list[Any]:
        return [name, age, Condition(process=name).as_json(), dict.fromkeys(missed, age)]


def crowd_of(nodes: int) -> tuple[Crowd, Members]:
    """A node among so many, and the others."""
    peers = [Peer(f"rs{number:03}", "") for number in range(1, nodes)]
    crowd = Crowd(peers)
    return crowd, Members("here", peers, crowd, Condition)


async def rate(crowd: Crowd, seconds: float) -> float:
    """Questions a second."""
    before = crowd.questions
    await asyncio.sleep(seconds)
    return (crowd.questions - before) / seconds


@pytest.mark.parametrize("nodes", [3, 32, 33, 300, 1000])
def test_a_node_asks_no_more_than_a_bounded_number_however_many_there_are(nodes: int) -> None:
    async def scenario() -> float:
        crowd, members = crowd_of(nodes)
        members.watch()
        await asyncio.sleep(2)
        assert len(members.live) == nodes
        found = await rate(crowd, 20)
        members.leave()
        return found

    found = virtual_time.run(scenario())
    asked = nodes - 1 if nodes <= 32 else 13
    assert found <= asked * A_SECOND
    # Each of few is asked; of many, two rings may agree in who is next.
    assert found >= (asked if nodes <= 32 else 9) * 1.8


def test_many_that_are_gone_at_once_cost_no_more_than_a_bounded_number() -> None:
    async def scenario() -> tuple[float, float, list[bool]]:
        crowd, members = crowd_of(300)
        members.watch()
        await asyncio.sleep(2)
        names = sorted(members.peers.keys() - members.regular)[:100]
        crowd.hung = crowd.missed = set(names)
        crowd.died = time.monotonic()
        worst = max([await rate(crowd, 1) for _ in range(15)])
        silent = [members.is_silent(name) for name in names]
        after = await rate(crowd, 10)
        members.leave()
        return worst, after, silent

    worst, after, silent = virtual_time.run(scenario())
    assert worst <= (13 + 32) * 2 * 1.25
    assert all(silent)
    assert after <= 13 * A_SECOND


def network(scenario: Callable[[PeerNetwork], Coroutine[None, None, None]]) -> None:
    """Run a scenario in a cluster whose nodes have met."""

    async def work() -> None:
        cluster = PeerNetwork(MANY)
        cluster.start()
        await asyncio.sleep(1)
        assert all(len(members.conditions()) == MANY - 1 for members in cluster.members.values())
        await scenario(cluster)
        cluster.stop()

    virtual_time.run(work())


async def until_all(
    cluster: PeerNetwork, name: str, found: Callable[[Members], bool], within: float
) -> float:
    """Seconds until all nodes but one have found something out about this."""
    began = time.monotonic()
    others = [members for node, members in cluster.members.items() if node != name]
    while not all(map(found, others)):
        assert time.monotonic() - began < within, f"{sum(map(found, others))} of {len(others)}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


def test_what_a_node_says_of_itself_is_known_to_all_in_time_for_their_decisions() -> None:
    async def scenario(cluster: PeerNetwork) -> None:
        cluster.change("rs007", leaving=True)
        # What ``leaving`` takes for granted, and no answer is needed twice for.
        await until_all(cluster, "rs007", lambda m: m.conditions()["rs007"].leaving, 3.5)
        cluster.change("rs007", ready=False)
        await until_all(cluster, "rs007", lambda m: "rs007" not in m.eligible(""), 3.5)

    network(scenario)


def test_one_that_hangs_is_dead_and_silent_to_all_as_soon_as_if_all_asked_it() -> None:
    async def scenario(cluster: PeerNetwork) -> None:
        cluster.hung.add("rs007")
        took = await until_all(cluster, "rs007", lambda m: not m.alive("rs007"), DEAD_WITHIN)
        assert took > 1.5
        assert all(members.keeps("rs007") for members in cluster.members.values())
        took += await until_all(cluster, "rs007", lambda m: m.is_silent("rs007"), 12)
        assert 9 < took < 13.5
        cluster.hung.clear()
        await until_all(cluster, "rs007", lambda m: m.alive("rs007") and m.keeps("rs007"), 3)

    network(scenario)


def test_one_that_is_started_anew_is_another_process_to_all() -> None:
    async def scenario(cluster: PeerNetwork) -> None:
        moved: set[str] = set()

        def note(node: str, name: str) -> None:
            moved.add(f"{node} {name}")

        for node, members in cluster.members.items():
            members.on_moved = partial(note, node)
        cluster.kill("rs007")
        await until_all(cluster, "rs007", lambda m: not m.alive("rs007"), DEAD_WITHIN)
        cluster.restart("rs007")
        await until_all(cluster, "rs007", lambda m: f"{m.node} rs007" in moved, 3)
        assert all(entry.endswith(" rs007") for entry in moved)
        await until_all(cluster, "rs007", lambda m: m.alive("rs007"), 1)

    network(scenario)


def test_one_that_a_single_node_does_not_reach_is_there_for_the_rest() -> None:
    async def scenario(cluster: PeerNetwork) -> None:
        node = next(node for node, members in cluster.members.items() if "rs007" in members.regular)
        cluster.cut.add((node, "rs007"))
        for _ in range(60):
            await asyncio.sleep(0.1)
            assert all(m.alive("rs007") for name, m in cluster.members.items() if name != node)
        assert not cluster.members[node].alive("rs007")

    network(scenario)


def test_a_peer_that_does_not_answer_a_request_is_asked_by_this_node() -> None:
    async def scenario() -> None:
        crowd, members = crowd_of(100)
        members.watch()
        await asyncio.sleep(1)
        name = min(members.peers.keys() - members.regular)
        crowd.hung.add(name)
        members.doubt(name)
        assert members.alive(name)
        await asyncio.sleep(3)
        assert not members.alive(name) and members.keeps(name)
        await asyncio.sleep(9)
        assert not members.keeps(name)
        crowd.hung.clear()
        # By chance, as nobody else has news of it.
        await asyncio.sleep(200)
        assert members.alive(name) and members.keeps(name)
        members.leave()

    virtual_time.run(scenario())


def test_a_node_that_was_cut_off_for_long_has_all_its_peers_back_at_once() -> None:
    async def scenario() -> None:
        crowd, members = crowd_of(100)
        members.watch()
        await asyncio.sleep(1)
        names = set(members.peers)
        crowd.hung = names
        await asyncio.sleep(4)
        assert members.live == ["here"]
        await asyncio.sleep(60)
        crowd.hung = set()
        await asyncio.sleep(3)
        assert set(members.live) == names | {"here"}
        members.leave()

    virtual_time.run(scenario())
