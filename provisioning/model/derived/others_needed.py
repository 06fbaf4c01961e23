"""Nodes that a service cannot do without."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import accumulate

from ..inventory import Inventory
from ..service import VirtualService, serves
from .nodes import Node, all_nodes, nodes_of
from .resolve import app_services, virtual_services
from .way_in import edges_alone

NODE, PORT, HOST = "node", "port", "host"
"""What a node counts before it goes by itself, as the app's ``--min-ready-by`` names it."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Nodes that have to be ready for a node to go out of service by itself."""

    count: int
    """Others; more than there are where it never may."""
    by: str = NODE
    """What is counted."""
    never: bool = False
    """True where it cannot be had, whatever is ready."""


def needed_by(inventory: Inventory, node: Node) -> Needed:
    """Nodes that a node has to see before it goes for its cards."""
    hosts = inventory.real_servers.hosts
    if not inventory.app.per_gpu:
        count = others_needed(inventory, node.host)
        return Needed(count, never=count >= len(hosts))
    if edges_alone(inventory):
        return _by_host(inventory, node, app_services(inventory)[:1])
    served = [one for one in virtual_services(inventory) if serves(one, node.host)]
    if any(one.port == node.port for one in served):
        return _by_port(inventory, node, served)
    # Behind the Nginx of its host, or only edges send there.
    return _by_host(inventory, node, served)


def others_needed(
    inventory: Inventory,
    name: str,
    services: Iterable[VirtualService] | None = None,
    others: Collection[str] | None = None,
) -> int:
    """Number of ``others`` (all other real servers) that have to be ready for every service to have
    its quorum, whichever they are, when ``name`` is not; at least 1. More than there are where it
    cannot be had."""
    hosts = inventory.real_servers.hosts
    others = [one for one in hosts if one != name] if others is None else others
    found = [1]
    for service in inventory.services if services is None else services:
        weights = sorted(hosts[one].weight if serves(service, one) else 0 for one in others)
        reached = (sum_ >= service.quorum for sum_ in accumulate(weights))
        lacking = len(others) + 1
        found.append(next((count for count, enough in enumerate(reached, 1) if enough), lacking))
    return max(found)


def _by_host(inventory: Inventory, node: Node, services: list[VirtualService]) -> Needed:
    """A host is in service while one of its nodes is."""
    count = others_needed(inventory, node.host, services)
    alone = len(nodes_of(inventory, node.host)) == 1
    return Needed(count, HOST, never=alone and count >= len(inventory.real_servers.hosts))


def _by_port(inventory: Inventory, node: Node, served: list[VirtualService]) -> Needed:
    """Each port has a quorum of its own, which only hosts that have it can make up."""
    others = [
        one.host for one in all_nodes(inventory) if one.port == node.port and one.host != node.host
    ]
    # Those that Nginx answers have all ports behind them.
    services = [one for one in served if one.port == node.port or not one.app]
    count = others_needed(inventory, node.host, services, others)
    return Needed(count, PORT, never=count > len(others))
