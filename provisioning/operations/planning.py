"""From inventory and observation to plans for many hosts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..engine.fleet import Fleet
from ..engine.fleet_plan import FleetPlan
from ..engine.observe import observe_and_plan
from ..engine.plan import HostPlan
from ..engine.waves import Wave
from ..facts.fact import Answers, fragments
from ..facts.lan.interfaces import INTERFACES, Interfaces
from ..facts.lan.vip_holder import holders, interfaces_of_any
from ..model.derived.resolve import all_hosts
from ..model.inventory import Inventory
from ..model.runtime import Drain, Pin
from ..resources.base import Observation
from ..roles.desired import DesiredHost
from ..roles.registry import deploy_order
from ..transport.base import Transport


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
    names: frozenset[str] = frozenset()
    """Names and addresses of the cluster's hosts: what plans that are alike may differ in."""
    told: tuple[str, ...] = ()
    """Things that hosts carry and this folder did not know."""
    hooks: tuple[str, ...] = ()
    """Programs that are asked before steps, and told after them."""


def plan_hosts(inventory: Inventory, desired: dict[str, DesiredHost], fleet: Fleet) -> Plans:
    """Connects to all hosts and plans them, in one round trip each."""
    fleet.connect(desired)

    def look(name: str, transport: Transport) -> tuple[HostPlan, dict[str, Observation]]:
        host = desired[name]
        extra = fragments((INTERFACES,)) if name in inventory.directors.hosts else {}
        return observe_and_plan(
            name, transport, host.requirements, host.resources, extra, partial=host.partial
        )

    every = all_hosts(inventory)
    plans = Plans(names=frozenset(word for name in every for word in own_words(inventory, name)))
    directors: dict[str, Interfaces] = {}
    for name, (plan, extra) in fleet.each(desired, look).items():
        plans.hosts[name] = plan
        if extra:
            directors[name] = interfaces_of_any(Answers(extra))
    plans.masters = set(holders(directors, [vip.address.ip for vip in inventory.virtual_ips]))
    plans.unreachable = {name: str(fleet.errors[name]) for name in desired if name in fleet.errors}
    return plans


def own_words(inventory: Inventory, name: str) -> tuple[str, ...]:
    """The host's name and addresses; the name alone of one that left."""
    host = all_hosts(inventory).get(name)
    addresses = (host.address, host.address6) if host else ()
    return (name, *(str(address) for address in addresses if address))


def waves(inventory: Inventory, plans: Plans) -> list[Wave]:
    """In the order of roles; a host of several goes with the first of them."""
    found: list[Wave] = []
    for role in deploy_order():
        earlier = {name for wave in found for name in wave.hosts}
        hosts = tuple(name for name in role.hosts(inventory) if name not in earlier)
        found += role.waves(hosts, plans.masters)
    return found
