"""Drain, clean and forget hosts that were deployed and have left the inventory."""

import time
from dataclasses import replace

from ...engine.apply_plans import ApplyResult
from ...engine.fleet import Fleet
from ...engine.progress import Event
from ...engine.waves import Wave
from ...model.derived.way_in import way_in
from ...model.inventory import Inventory
from ...roles.real_server.real_server import REAL_SERVERS
from ...roles.registry import ROLES
from ..cluster.cluster import Cluster
from ..cluster_state.tables import look_at_tables
from ..destroy import plan_removal
from ..drain.capacity import lacking_without
from ..drain.remaining_work import await_idle
from ..drain.steps import settle, take_out
from ..errors import OperationError
from ..operation import Operation
from ..planning import Plans, waves
from ..state_folder.deployed_hosts import (
    DeployedHosts,
    departed,
    forget,
    inventory_with,
    load_deployed_hosts,
)
from ..state_folder.runtime_state import save_runtime, without_drain

_PATIENCE = 300.0
"""Seconds until hosts added by the same edit have taken over."""


def leaving_hosts(cluster: Cluster) -> DeployedHosts:
    """List the hosts that leave with the next deploy, as far as this folder knows (a run has taken
    over what the cluster does). Raises ``RuntimeStateError``."""
    return departed(load_deployed_hosts(cluster.state_dir), cluster.inventory)


def cluster_with(cluster: Cluster, leaving: DeployedHosts) -> Cluster:
    """Copy the cluster with leaving hosts still in its inventory, to reach and to render them."""
    return Cluster(inventory_with(cluster.inventory, leaving), cluster.path) if leaving else cluster


def leaving_servers(leaving: DeployedHosts) -> list[str]:
    """List leaving hosts that clients may be on."""
    return [name for name, member in leaving.items() if REAL_SERVERS.key in member.roles]


def add_removals(plans: Plans, leaving: DeployedHosts, fleet: Fleet) -> None:
    """Add the removal from leaving hosts to the plans of the others."""
    found = plan_removal(list(leaving), fleet)
    plans.hosts |= found.hosts
    plans.leaving = list(leaving)
    for name, reason in found.unreachable.items():
        plans.unreachable[name] = f"{reason}; if it is gone for good: `cluster forget {name}`"


def decommission_waves(inventory: Inventory, plans: Plans, leaving: DeployedHosts) -> list[Wave]:
    """Order the waves: directors stop sending to a host before it goes, and it goes before
    a host that it uses (its storage)."""
    usual = waves(inventory, plans)
    if not leaving:
        return usual
    used = {role.key for role in ROLES if role.serves_leaving}
    before = [wave for wave in usual if wave.role not in used]
    after = [wave for wave in usual if wave.role in used]
    return [*before, Wave("hosts that leave", tuple(leaving), gate="none"), *after]


def drain_leaving(op: Operation, leaving: DeployedHosts, *, timeout: float) -> None:
    """Drain the real servers that leave, once the others can do without them, and wait for their
    work, at most ``timeout`` seconds. Raises ``OperationError``. Everything new in
    the inventory must be deployed already, with them still in it."""
    before = replace(op, cluster=cluster_with(op.cluster, leaving))
    names = [name for name in leaving_servers(leaving) if name in op.fleet.transports]
    _await_capacity(before, frozenset(leaving_servers(leaving)))
    for name in leaving_servers(leaving):
        reason = "leaves the cluster"
        # A host that is gone has no work to wait for; its capacity was checked above.
        take_out(before, name, reason=reason, force=True)
    left = await_idle(before, names, timeout=timeout)
    jobs = {name: work for name, work in left.items() if work.running or work.waiting}
    if jobs:
        said = "; ".join(f"{name}: {work}" for name, work in jobs.items())
        raise OperationError(
            f"left after {timeout:g} s: {said}. It stays drained; deploy again when it is done"
        )
    for name in names:
        settle(before, name)


def conclude(cluster: Cluster, leaving: DeployedHosts, result: ApplyResult) -> None:
    """Forget hosts that were cleaned."""
    for name in leaving:
        if name in result.hosts and result.hosts[name].ok:
            forget(cluster.state_dir, [name])
            save_runtime(cluster.state_dir, without_drain(cluster.runtime, name))


def _await_capacity(op: Operation, names: frozenset[str]) -> None:
    cluster = op.cluster
    end = time.monotonic() + _PATIENCE
    drained = cluster.runtime.drains.keys()
    if names <= drained:
        return
    while True:
        tables = look_at_tables(cluster.inventory, way_in(cluster.inventory), op.fleet)
        lacking = lacking_without(cluster.inventory, cluster.runtime, tables, names)
        if not lacking:
            return
        if time.monotonic() >= end:
            raise OperationError(f"{', '.join(sorted(names))} cannot leave: {'; '.join(lacking)}")
        op.progress(Event("waiting", min(names), "the others to take over", detail=lacking[0]))
        time.sleep(1)
