"""Keepalived on an edge: one VIP, which goes with an Nginx that answers."""

from pathlib import Path

from ...model.derived.resolve import address_for, edge_router_id, interface_of
from ...model.edge import Edges
from ...model.inventory import Inventory
from ...model.secrets.secret import reveal
from ...node_api import EDGE_HEALTH
from ...places import (
    EDGE_INSTANCE,
    KEEPALIVED,
    KEEPALIVED_CONF,
    NOTIFY,
    SWITCHOVER_FILE,
    VRRP_FIFO,
)
from ...resources.base import Postcondition, Resource
from ...resources.service import reload, restart
from ..director.keepalived_conf import has_password
from ..keepalived_service import VALIDATE, helpers, kept_running, settled
from ..rendering import RenderedFile
from ..role_host import RoleHost


def keepalived(host: RoleHost, edges: Edges) -> list[Resource]:
    """Its helpers and its definition, as directors have them, and a configuration of its own."""
    return [
        *helpers(host),
        RenderedFile(
            path=KEEPALIVED_CONF,
            content=host.render("keepalived.conf.j2", **_values(host, edges)),
            # It may hold auth_pass.
            mode=0o600,
            validate=VALIDATE,
            sensitive=has_password(host.inventory),
            triggers=(reload(KEEPALIVED, host.manager),),
            returned=restart(KEEPALIVED, host.manager),
        ),
        *kept_running(host),
    ]


def _values(host: RoleHost, edges: Edges) -> dict[str, object]:
    inventory, vip = host.inventory, edges.vip
    own = {name: address_for(one, vip.address.ip) for name, one in edges.hosts.items()}
    password = inventory.vrrp.auth_pass if has_password(inventory) else None
    return {
        "router_id": host.name,
        "vrrp": inventory.vrrp,
        "auth_pass": reveal(password, Path()) if password is not None else "",
        "instance": EDGE_INSTANCE,
        "interface": vip.interface or interface_of(inventory, host.name),
        "vrid": edge_router_id(inventory, edges),
        "priority": 150 - 10 * list(edges.hosts).index(host.name),
        "source": own[host.name],
        "peers": [address for name, address in own.items() if name != host.name],
        "address": str(vip.address),
        "port": edges.port,
        "health_path": EDGE_HEALTH,
        "switchover_file": SWITCHOVER_FILE,
        "fifo": VRRP_FIFO,
        "notify": NOTIFY,
    }


def vrrp_settled(inventory: Inventory) -> Postcondition:
    """The edge is master or backup."""
    return settled(inventory, [EDGE_INSTANCE])
