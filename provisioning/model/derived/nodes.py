"""Nodes: processes of the app, as clients and other nodes see them. Pure.

Everything that asks a node, sends to it, starts it or names it goes over these, so that nobody
else knows how many of them a real server has.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ...places import APP_LOG, APP_SERVICE
from ..hosts import ServiceManager
from ..inventory import Inventory
from ..service import serves
from .resolve import app_services, service_manager_of
from .slots import card_names, cards_of, jobs_of_a_card, slots_of


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
    label: str = ""
    """Its place among the nodes of its real server, in names of files; empty where it is alone."""
    card: str = ""
    """The one card that it sees, as CUDA_VISIBLE_DEVICES names it; empty where it sees all."""

    @property
    def port(self) -> int:
        """The port by which other nodes and edges know it."""
        return self.ports[0]


def nodes_of(inventory: Inventory, host: str) -> tuple[Node, ...]:
    """The nodes of a real server, one at least: as many as it has cards with ``app.per_gpu``."""
    if inventory.app.per_gpu:
        return _per_gpu(inventory, host)
    # As DR cannot translate ports, they are those of the services; the first is every node's own.
    ours = enumerate(app_services(inventory))
    ports = tuple(one.port for place, one in ours if place == 0 or serves(one, host))
    slots, cards = slots_of(inventory, host), cards_of(inventory, host)
    return (Node(host, host, ports, APP_SERVICE, APP_LOG, slots, cards),)


def _per_gpu(inventory: Inventory, host: str) -> tuple[Node, ...]:
    # Of a host whose cards nobody has counted, which `validate` refuses, one is taken for granted.
    cards = card_names(inventory, host) or ("0",)
    numbered = all(card.isdigit() for card in cards)
    labels = [f"gpu{card if numbered else place}" for place, card in enumerate(cards)]
    supervised = service_manager_of(inventory, host) is ServiceManager.SUPERVISOR
    return tuple(
        Node(
            name=f"{host}-{label}",
            host=host,
            ports=(inventory.app.first_port + place,),
            # A program of Supervisor's group; an instance of systemd's template.
            service=f"{APP_SERVICE}{f':{APP_SERVICE}-' if supervised else '@'}{label}",
            log=APP_LOG.replace(".log", f"-{label}.log"),
            slots=jobs_of_a_card(inventory),
            cards=1,
            label=label,
            card=card,
        )
        for place, (label, card) in enumerate(zip(labels, cards, strict=True))
    )


def all_nodes(inventory: Inventory) -> Iterator[Node]:
    """The nodes of all real servers, in the inventory's order."""
    for host in inventory.real_servers.hosts:
        yield from nodes_of(inventory, host)


def host_of(inventory: Inventory, node: str | None) -> str | None:
    """The real server of the node of that name; the name itself where no node has it."""
    return next((one.host for one in all_nodes(inventory) if one.name == node), node)
