"""Hosts that were deployed and are in the inventory no more are drained, cleaned and forgotten."""

import time

from provisioning.engine.apply_plans import ApplyResult
from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Event, Progress
from provisioning.engine.waves import Wave
from provisioning.model.inventory import Inventory
from provisioning.operations.capacity import lacking_without
from provisioning.operations.destroy import plan_removal
from provisioning.operations.drain import settle, take_out
from provisioning.operations.members import Members, departed, forget, inventory_with, load_members
from provisioning.operations.node_work import await_idle
from provisioning.operations.planning import Plans, waves
from provisioning.operations.run import Run
from provisioning.operations.runtime_change import OperationError
from provisioning.operations.runtime_state import save_runtime, without_drain
from provisioning.operations.session import Site
from provisioning.operations.tables import look_at_tables
from provisioning.roles.real_server import REAL_SERVERS
from provisioning.roles.registry import ROLES

_PATIENCE = 300.0
"""Seconds until those that came with the same edit have taken over."""


def leaving_hosts(site: Site) -> Members:
    """Those that leave with the next deploy. Raises ``RuntimeStateError``."""
    return departed(load_members(site.state_dir), site.inventory)


def site_with(site: Site, leaving: Members) -> Site:
    """The site as if they were still in its inventory, to reach them and to render them."""
    return Site(inventory_with(site.inventory, leaving), site.path) if leaving else site


def leaving_servers(leaving: Members) -> list[str]:
    """Those of them that clients may be on."""
    return [name for name, member in leaving.items() if REAL_SERVERS.key in member.roles]


def add_departures(plans: Plans, leaving: Members, fleet: Fleet) -> None:
    """Puts what is removed from the hosts that leave beside the plans of the others."""
    found = plan_removal(list(leaving), fleet)
    plans.hosts |= found.hosts
    plans.leaving = list(leaving)
    for name, reason in found.unreachable.items():
        plans.unreachable[name] = f"{reason}; if it is gone for good: `cluster forget {name}`"


def departure_waves(inventory: Inventory, plans: Plans, leaving: Members) -> list[Wave]:
    """Nobody may send to a host before it goes, nor it use a host (its storage) after that is
    gone."""
    usual = waves(inventory, plans)
    if not leaving:
        return usual
    used = {role.key for role in ROLES if role.serves_leaving}
    before = [wave for wave in usual if wave.role not in used]
    after = [wave for wave in usual if wave.role in used]
    return [*before, Wave("hosts that leave", tuple(leaving), gate="none"), *after]


def hand_over(
    site: Site,
    fleet: Fleet,
    run: Run,
    leaving: Members,
    *,
    timeout: float,
    progress: Progress,
) -> None:
    """Drains the real servers that leave, once the others can do without them, and waits for their
    work, at most ``timeout`` seconds. Raises ``OperationError``. All that the inventory has anew
    must be deployed already, with them still in it."""
    before = site_with(site, leaving)
    names = [name for name in leaving_servers(leaving) if name in fleet.transports]
    _await_capacity(before, fleet, frozenset(leaving_servers(leaving)), progress)
    for name in leaving_servers(leaving):
        reason = "leaves the cluster"
        # A host that is gone has nothing to be waited for; its capacity was looked at above.
        take_out(before, fleet, run, name, reason=reason, force=True, progress=progress)
    left = await_idle(before.inventory, fleet, names, timeout=timeout, progress=progress)
    jobs = {name: work for name, work in left.items() if work.running or work.waiting}
    if jobs:
        said = "; ".join(f"{name}: {work}" for name, work in jobs.items())
        raise OperationError(
            f"left after {timeout:g} s: {said}. It stays drained; deploy again when it is done"
        )
    for name in names:
        settle(before, fleet, run, name, progress=progress)


def conclude(site: Site, leaving: Members, result: ApplyResult) -> None:
    """Forgets those that were cleaned."""
    for name in leaving:
        if name in result.hosts and result.hosts[name].ok:
            forget(site.state_dir, [name])
            save_runtime(site.state_dir, without_drain(site.runtime, name))


def _await_capacity(site: Site, fleet: Fleet, names: frozenset[str], progress: Progress) -> None:
    end = time.monotonic() + _PATIENCE
    drained = site.runtime.drains.keys()
    if names <= drained:
        return
    while True:
        tables = look_at_tables(site.inventory.directors.hosts, fleet)
        lacking = lacking_without(site.inventory, site.runtime, tables, names)
        if not lacking:
            return
        if time.monotonic() >= end:
            raise OperationError(f"{', '.join(sorted(names))} cannot leave: {'; '.join(lacking)}")
        progress(Event("waiting", min(names), "the others to take over", detail=lacking[0]))
        time.sleep(1)
