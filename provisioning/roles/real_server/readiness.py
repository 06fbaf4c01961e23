"""Readiness of a real server after a deploy."""

from ...model.inventory import Inventory
from ...node_api import ONLY_DRAINING, READY
from ...resources.base import Postcondition
from .urls import app_port, own_url

APP_LOG = "/var/log/cosyvoice/app.log"
_START_PATIENCE = 240
"""Seconds until a node must answer after a start: imports and a warm-up on a slow disk."""


def answers(inventory: Inventory, name: str) -> Postcondition:
    """The app answers at the node's own address and, on the node, at the VIP: bound to one of
    them only, health checks would pass and clients would not be served. One that is drained, as
    most are while they are changed, has no other reason to be not ready."""
    host, port = inventory.real_servers.hosts[name], app_port(inventory)
    addresses = [host.address, *(vip.address.ip for vip in inventory.virtual_ips)]
    urls = [f"{own_url(address, port)}{READY}" for address in addresses]
    probes = "\n".join(
        f"said=$(curl -sS --noproxy '*' --max-time 5 -w ' %{{http_code}}' '{url}' 2>&1) || "
        f'{{ echo "$said"; exit 1; }}\n'
        f"""case $said in *" 200" | *'{ONLY_DRAINING}'*" 503") ;; """
        f'*) echo "$said"; exit 1 ;; esac'
        for url in urls
    )
    return Postcondition(
        "the app is ready at its own address and at the VIP",
        probes,
        _START_PATIENCE,
        f"see {APP_LOG} on this host",
    )
