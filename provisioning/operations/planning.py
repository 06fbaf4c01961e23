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
from provisioning.roles.registry import deploy_order
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
    """In the order of roles; a host of several goes with the first of them."""
    found: list[Wave] = []
    for role in deploy_order():
        earlier = {name for wave in found for name in wave.hosts}
        hosts = tuple(name for name in role.hosts(inventory) if name not in earlier)
        found += role.waves(hosts, plans.masters)
    return found
