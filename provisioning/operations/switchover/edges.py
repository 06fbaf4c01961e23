"""Move the edges' VIP to another edge on purpose, by the means of directors' switch-overs."""

import time

from ...engine.progress import Event
from ...facts.gather import ask
from ...facts.lan.interfaces import INTERFACES
from ...model.edge import Edges
from ...roles.edge.edge import EDGES
from ...roles.edge.view import HOLDS, VRRP
from ...transport.base import Transport
from ..cluster_state.look import look_at
from ..cluster_state.state import ClusterState
from ..errors import OperationError
from ..operation import Operation
from .switch_over import Switchover, make_yield, measured_gap, yield_script

_PATIENCE = 15.0
"""Seconds until the new one must be seen to hold the VIP, on a slow host."""


def switch_edges(op: Operation, *, to: str | None = None) -> Switchover:
    """Make an edge master: ``to``, or the first other one. Returns once it is. Raises
    ``OperationError`` where it is not fit."""
    inventory = op.cluster.inventory
    edges = inventory.edges
    if edges is None:
        raise OperationError("the inventory has no edges")
    state = look_at(inventory, op.fleet, op.cluster.record)
    old = _holder(state)
    new = to or next((name for name in edges.hosts if name != old), None)
    if new is None:
        raise OperationError("there is no other edge to move the VIP to")
    if new == old:
        return Switchover("", new)
    _require_fit(state, edges, new, preempt=inventory.vrrp.preempt)
    with op.hooks.around("switchover", new, progress=op.progress, old=old) as outcome:
        result = _move(op, edges, old, new)
        outcome.ok = True
    return result


def _move(op: Operation, edges: Edges, old: str, new: str) -> Switchover:
    inventory = op.cluster.inventory
    vip = edges.vip.address.ip
    op.progress(Event("step", new, f"take over from {old}"))
    with measured_gap(op, vip, edges.port) as measured:
        others = [name for name in edges.hosts if name != new]
        make_yield(op, dict.fromkeys(others, yield_script(inventory, [vip])))
        gap, why = measured()
    _await_holder(op, edges, new)
    op.progress(Event("done", new, "holds the edges' VIP"))
    result = Switchover(old, new, gap, why)
    op.run.journal.write("switchover", **result.record())
    return result


def _holder(state: ClusterState) -> str:
    found = [name for name, one in state.others.get(EDGES.key, {}).items() if one.record[HOLDS]]
    if len(found) != 1:
        who = " and ".join(found) or "no edge that can be reached"
        raise OperationError(f"{who} holds the edges' VIP; see `cluster status`")
    return found[0]


def _require_fit(state: ClusterState, edges: Edges, name: str, *, preempt: bool) -> None:
    seen = state.others.get(EDGES.key, {}).get(name)
    if seen is None:
        why = state.unreachable.get(name, "not connected")
        raise OperationError(f"{name} is not fit to take over: it cannot be looked at: {why}")
    if seen.faults or seen.record[VRRP] != "BACKUP":
        found = [text for text, _ in seen.faults]
        found += [f"it is {seen.record[VRRP] or 'nothing yet'}, not BACKUP"] if not found else []
        raise OperationError(f"{name} is not fit to take over: {'; '.join(found)}")
    if preempt and name != next(iter(edges.hosts)):
        raise OperationError(
            f"with vrrp.preempt the first edge would take the VIP back from {name}: write "
            "vrrp: {preempt: false} and deploy, or list it first in edges.hosts"
        )


def _await_holder(op: Operation, edges: Edges, name: str) -> None:
    vip = edges.vip.address.ip

    def holds(host: str, transport: Transport) -> bool:
        return ask(host, transport, INTERFACES, timeout=30).offers(vip)

    end = time.monotonic() + _PATIENCE
    while [one for one, yes in op.fleet.each(edges.hosts, holds).items() if yes] != [name]:
        if time.monotonic() >= end:
            raise OperationError(
                f"after the switch-over {name} alone does not hold the edges' VIP; see `cluster "
                "status` and `cluster logs edges`"
            )
        time.sleep(0.2)
