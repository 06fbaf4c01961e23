"""The exchange on a virtual clock: jobs of a trace on nodes whose workers sleep."""

import asyncio

import pytest

from app.workers.slot import SlotState
from benchmarks.session_routing import virtual_time
from benchmarks.session_routing.report import ratio
from benchmarks.session_routing.simulated_nodes import Network, SimulatedNode
from benchmarks.session_routing.systems import simulate
from benchmarks.session_routing.trace import arrivals, ideal_waits


@pytest.mark.parametrize("nodes", [3, pytest.param(8, marks=pytest.mark.long)])
def test_a_cluster_is_as_good_as_one_line(nodes: int) -> None:
    trace = arrivals(1500, nodes, 0.8, seed=7)
    ideal = ideal_waits(trace, nodes)
    ours = simulate("ours", trace, nodes, 1, seed=7)
    assert ours.failed == 0
    assert ratio(ours.waits, ideal, 99) < 1.3
    # It can fail: queues of their own are far from it.
    alone = simulate("two choices", trace, nodes, 1, seed=7)
    assert ratio(alone.waits, ideal, 99) > 1.3


def _nodes(count: int) -> list[SimulatedNode]:
    network = Network(1)
    return [SimulatedNode(f"rs{number}", 1, network) for number in range(1, count + 1)]


def test_a_slot_that_is_offered_in_vain_serves_its_own_line() -> None:
    """The peer is told of as waiting, but is not any more."""

    async def work() -> None:
        here, there = _nodes(2)
        for node in (here, there):
            await node.meet(lends=True)
        busy = asyncio.create_task(here.serve(1.0))
        await asyncio.sleep(0.1)
        assert here.broker.heard("rs2", 50.0) == 0
        own = asyncio.create_task(here.serve(1.0))
        there.queue.take()
        assert await busy == pytest.approx(0.0, abs=0.01)
        began = await own
        assert began is not None and 1.0 < began < 1.1
        assert here.queue.idle == 1
        await here.broker.stop()
        await there.broker.stop()

    virtual_time.run(work())


def test_a_slot_whose_worker_dies_while_it_is_held_is_given_to_nobody() -> None:
    async def work() -> None:
        here, there = _nodes(2)
        for node in (here, there):
            await node.meet(lends=True)
        slot = here.queue.take()
        assert slot is not None and slot.worker is not None
        here.broker.heard("rs2", 50.0)
        here.queue.offer(slot)
        assert (here.queue.idle, slot.state) == (0, SlotState.BUSY)
        slot.worker.alive = False  # type: ignore[misc]
        assert here.broker.slot_for("rs2") is None
        await asyncio.sleep(2)
        assert here.queue.idle == 0
        await here.broker.stop()
        await there.broker.stop()

    virtual_time.run(work())


def test_strangers_and_nodes_that_have_left_get_nothing() -> None:
    async def work() -> None:
        here, there = _nodes(2)
        await here.meet(lends=True)
        assert here.broker.heard("rs9", 1.0) == 0
        assert here.broker.offered("rs9", None) == (False, None)
        assert here.broker.slot_for("rs9") is None
        assert here.broker.heard("rs2", 1.0) == 1
        here.broker.replace([])
        assert here.broker.heard("rs2", 1.0) == 0
        assert here.broker.slot_for("rs2") is None
        here.broker.refused("rs2")
        assert here.queue.idle == 1
        await there.broker.stop()

    virtual_time.run(work())


def test_a_slot_in_use_is_not_given_back_when_dealing_stops() -> None:
    async def work() -> None:
        here, there = _nodes(2)
        for node in (here, there):
            await node.meet(lends=True)
        slot = here.queue.take()
        assert slot is not None
        here.broker.heard("rs2", 50.0)
        here.queue.offer(slot)
        await asyncio.sleep(0)
        assert here.broker.slot_for("rs2") is slot
        await here.broker.stop()
        assert here.queue.idle == 0
        await there.broker.stop()

    virtual_time.run(work())


def test_who_goes_while_a_slot_is_held_leaves_it_to_the_line() -> None:
    async def work() -> None:
        here, there = _nodes(2)
        for node in (here, there):
            await node.meet(lends=True)
        slot = here.queue.take()
        assert slot is not None
        here.broker.heard("rs2", 50.0)
        here.queue.offer(slot)
        here.broker.replace([])
        await asyncio.sleep(1)
        assert here.queue.idle == 1
        await here.broker.stop()
        await there.broker.stop()

    virtual_time.run(work())
