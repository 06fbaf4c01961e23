"""The state that a director's table and its real servers should have, as metrics. Pure."""

from ...model.derived.nodes import all_nodes
from ...model.derived.resolve import gpus_of
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ..wanted_services import wanted_services


def expected(inventory: Inventory, runtime: Runtime) -> dict[str, object]:
    """Values of the template. Directors have them, as they are told of every drain."""
    servers = [
        {
            "vip": str(wanted.vip),
            "port": str(wanted.service.port),
            "address": str(address),
            "name": name,
            "service": wanted.service.name,
            "wanted": int(name not in wanted.drained),
            "weight": None if wanted.weights_move else wanted.weights[name],
        }
        for wanted in wanted_services(inventory, runtime)
        for name, address in wanted.servers.items()
    ]
    names = list(inventory.real_servers.hosts)
    cards = {name: gpus_of(inventory, name) for name in names}
    return {
        "servers": servers,
        # Of nodes too, where a host has several: their metrics have these names.
        "drains": [
            *((name, int(name in runtime.drains)) for name in names),
            *(
                (node.name, int(node.host in runtime.drains))
                for node in all_nodes(inventory)
                if node.name != node.host
            ),
        ],
        "gpus": [(name, one.count) for name, one in cards.items() if one is not None],
    }
