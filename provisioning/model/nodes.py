"""Nodes: processes of the app, as clients and other nodes see them. Pure.

Everything that asks a node, sends to it, starts it or names it goes over these, so that nobody
else knows how many of them a real server has.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..places import APP_LOG, APP_SERVICE
from .inventory import Inventory
from .resolve import app_services
from .service import serves
from .slots import cards_of, slots_of


@dataclass(frozen=True, slots=True)
class Node:
    """A web process of the app with its workers."""

    name: str
    """By which clients, other nodes and edges know it; it is in the names of its outputs."""
    host: str
    """The real server that it runs on."""
    ports: tuple[int, ...]
    """Those that it listens on; nodes know each other by the first."""
    service: str
    """What the service manager calls it."""
    log: str
    """File of its output."""
    slots: int | None
    """Jobs that it can run at a time; None where only its cards can tell."""
    cards: int
    """Cards that its jobs run on; 0 where it is not by cards that they are counted."""

    @property
    def port(self) -> int:
        """The port by which other nodes and edges know it."""
        return self.ports[0]


def nodes_of(inventory: Inventory, host: str) -> tuple[Node, ...]:
    """The nodes of a real server, one at least. As DR cannot translate ports, they are those of
    the app's services; the first is every node's own."""
    ours = enumerate(app_services(inventory))
    ports = tuple(one.port for place, one in ours if place == 0 or serves(one, host))
    slots, cards = slots_of(inventory, host), cards_of(inventory, host)
    return (Node(host, host, ports, APP_SERVICE, APP_LOG, slots, cards),)


def all_nodes(inventory: Inventory) -> Iterator[Node]:
    """The nodes of all real servers, in the inventory's order."""
    for host in inventory.real_servers.hosts:
        yield from nodes_of(inventory, host)


def host_of(inventory: Inventory, node: str | None) -> str | None:
    """The real server of the node of that name; the name itself where no node has it."""
    return next((one.host for one in all_nodes(inventory) if one.name == node), node)
