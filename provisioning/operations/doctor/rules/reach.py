"""Directors reach the app's port on real servers, whether anybody listens there or not."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.machine.connections_to import Place, connections_to
from ....model.address import endpoint
from ....model.inventory import Inventory
from ....model.resolve import app_services
from ....model.service import serves
from ..finding import Finding
from ..rule import Rule, Seen, asking


def _places(inventory: Inventory) -> dict[Place, str]:
    """The real servers' places, with their names."""
    return {
        (host.address, service.port): name
        for name, host in inventory.real_servers.hosts.items()
        for service in app_services(inventory)
        if serves(service, name)
    }


def _question(inventory: Inventory, _name: str) -> Fact[dict[Place, str]]:
    return connections_to(tuple(_places(inventory)))


def _judge(seen: Seen[dict[Place, str]]) -> Iterator[Finding]:
    names = _places(seen.inventory)
    told: dict[Place, tuple[str, list[str]]] = {}
    for director, said in seen.hosts.items():
        for place, word in said.items():
            if word not in ("open", "refused") and names[place] not in seen.unseen:
                told.setdefault(place, (word, []))[1].append(director)
    for place, (word, directors) in told.items():
        yield Finding(
            host=names[place],
            evidence=f"{' and '.join(directors)} cannot connect to {endpoint(*place)}: {word}; a"
            " closed port would be refused",
            cause="a firewall on the host or between them is in the way, or nothing at all passes:"
            " health checks fail, and clients are not served",
            fix=f"let TCP port {place[1]} in from the directors and from clients; docs/network.md"
            " lists all ports",
        )


PORT_BLOCKED = Rule("port-blocked", asking(_question, "directors"), _judge)
