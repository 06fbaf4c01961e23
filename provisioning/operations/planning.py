"""From inventory and observation to plans for many hosts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioning.engine.fleet import Fleet
from provisioning.engine.fleet_plan import FleetPlan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.plan import HostPlan
from provisioning.engine.waves import Wave
from provisioning.facts.fact import Answers, fragments
from provisioning.facts.interfaces import INTERFACES, Interfaces
from provisioning.facts.vip_holder import holders, interfaces_of_any
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Pin
from provisioning.resources.base import Observation
from provisioning.roles.desired import DesiredHost
from provisioning.transport.base import Transport


@dataclass(slots=True)
class Plans(FleetPlan):
    """Plans of a cluster's hosts, with what of its state they heed."""

    masters: set[str] = field(default_factory=set)
    """Directors that hold a VIP now."""
    leaving: list[str] = field(default_factory=list)
    """Hosts that are in the inventory no more: their plans clean them."""
    drains: Mapping[str, Drain] = field(default_factory=dict)
    """Real servers that are drained, and stay so."""
    pins: Mapping[str, Pin] = field(default_factory=dict)
    """Real servers that were rolled back, and keep that release."""
    drained_first: list[str] = field(default_factory=list)
    """Real servers that serve and are taken out of service while they are changed."""
    interrupted: dict[str, str] = field(default_factory=dict)
    """Real servers that serve and are changed all the same, and why that cannot be helped."""
    told: tuple[str, ...] = ()
    """What hosts carry and this folder did not know."""


def plan_hosts(inventory: Inventory, desired: dict[str, DesiredHost], fleet: Fleet) -> Plans:
    """Connects to all hosts and plans them, in one round trip each."""
    fleet.connect(desired)

    def look(name: str, transport: Transport) -> tuple[HostPlan, dict[str, Observation]]:
        host = desired[name]
        extra = fragments((INTERFACES,)) if name in inventory.directors.hosts else {}
        return observe_and_plan(
            name, transport, host.requirements, host.resources, extra, partial=host.partial
        )

    plans = Plans()
    directors: dict[str, Interfaces] = {}
    for name, (plan, extra) in fleet.each(desired, look).items():
        plans.hosts[name] = plan
        if extra:
            directors[name] = interfaces_of_any(Answers(extra))
    plans.masters = set(holders(directors, [vip.address.ip for vip in inventory.virtual_ips]))
    plans.unreachable = {name: str(fleet.errors[name]) for name in desired if name in fleet.errors}
    return plans


def waves(inventory: Inventory, plans: Plans) -> list[Wave]:
    """Storage first, as real servers mount it; then the real servers, as directors send to them;
    then the directors, those that hold the VIP last."""
    storage = tuple(inventory.storage.hosts) if inventory.storage else ()
    real_servers = tuple(n for n in inventory.real_servers.hosts if n not in storage)
    directors = [n for n in inventory.directors.hosts if n not in (*storage, *real_servers)]
    backups = tuple(name for name in directors if name not in plans.masters)
    masters = tuple(name for name in directors if name in plans.masters)
    found = [
        Wave("storage", storage, gate="every", role="storage"),
        Wave("real servers", real_servers),
    ]
    if masters:
        found += [
            Wave("backup directors", backups, gate="every"),
            Wave("master directors", masters, gate="every"),
        ]
    else:
        # Nobody holds the VIP yet. Without preemption the first to come keeps it.
        found += [
            Wave("first director", tuple(directors[:1]), gate="every"),
            Wave("other directors", tuple(directors[1:]), gate="every"),
        ]
    return [wave for wave in found if wave.hosts]
