"""Readiness of a real server after a deploy."""

from ...model.derived.engine_needs import start_patience
from ...model.derived.nodes import nodes_of
from ...model.derived.resolve import address_for
from ...model.inventory import Inventory
from ...node_api import ONLY_DRAINING, READY
from ...places import APP_LOG
from ...resources.base import Postcondition
from .urls import own_url

_START_PATIENCE = 240
"""Seconds until a node must answer after a start: imports and a warm-up on a slow disk."""


def answers(inventory: Inventory, name: str) -> Postcondition:
    """The app answers at the node's own addresses and, on the node, at the VIPs, on each of its
    ports: bound to some of them only, health checks would pass and clients would not be served.
    One that is drained, as most are while they are changed, has no other reason to be not ready."""
    host, vips = inventory.real_servers.hosts[name], [v.address.ip for v in inventory.virtual_ips]
    own = [address for vip in vips if (address := address_for(host, vip))]
    urls = [
        f"{own_url(address, port)}{READY}"
        for node in nodes_of(inventory, name)
        for port in node.ports
        for address in dict.fromkeys([host.address, *own, *vips])
    ]
    probes = "\n".join(
        f"said=$(curl -sS --noproxy '*' --max-time 5 -w ' %{{http_code}}' '{url}' 2>&1) || "
        f'{{ echo "$said"; exit 1; }}\n'
        f"""case $said in *" 200" | *'{ONLY_DRAINING}'*" 503") ;; """
        f'*) echo "$said"; exit 1 ;; esac'
        for url in urls
    )
    return Postcondition(
        "the app is ready at its own address and at the VIP"
        if vips
        else "the app is ready at its own address",
        probes,
        int(start_patience(inventory, _START_PATIENCE)),
        f"see {APP_LOG} on this host",
    )
