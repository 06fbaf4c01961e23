"""The client's place: the machine that sees the cluster from outside."""

from dataclasses import dataclass

from provisioning.engine.fleet import Fleet
from provisioning.model.inventory import Inventory
from provisioning.transport.base import Transport, TransportError
from provisioning.transport.local import LocalTransport


@dataclass(frozen=True, slots=True)
class VantagePoint:
    """A machine that is not part of the service."""

    name: str
    transport: Transport


def client_place(inventory: Inventory, fleet: Fleet) -> VantagePoint:
    """The first client of the inventory that can be reached, else this machine where it names
    none. Raises ``TransportError`` where it names some and none can be reached."""
    clients = list(inventory.clients.hosts)
    if not clients:
        return VantagePoint("this machine", LocalTransport())
    fleet.connect(clients)
    for name in clients:
        if name in fleet.transports:
            return VantagePoint(name, fleet.transports[name])
    raise TransportError("; ".join(str(fleet.errors[name]) for name in clients))
