"""The role of edges. Pure."""

from ...model.derived.resolve import service_manager_of
from ...model.derived.way_in import edges_alone
from ...model.hosts import ServiceManager
from ...model.inventory import Inventory
from ...places import EDGE_REQUESTS, EDGE_SERVICE, KEEPALIVED, NGINX, NGINX_LOG
from ...resources.package import Packages
from ...resources.service import Service
from ..deployment import Deployment
from ..director.authority import authority
from ..machines import Machines
from ..network import address_requirement
from ..part import RolePart
from ..programs import manager_requirement, manager_resources
from ..role import Log, Role
from ..role_host import RoleHost
from .keepalived import keepalived, vrrp_settled
from .nginx import answers, nginx
from .nodes import node_watch
from .openings import openings
from .question import EDGE_QUESTION
from .view import edge_view


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one edge, in the order in which they are applied."""
    host = RoleHost(deployment, name, "edge")
    inventory, manager = host.inventory, host.manager
    assert inventory.edges is not None
    return RolePart(
        (manager_requirement(manager), address_requirement(inventory, name)),
        (
            Packages(names=("curl", "keepalived", "logrotate", "nginx", "python3")),
            *manager_resources(manager),
            *node_watch(host, inventory.edges),
            *nginx(host, inventory.edges),
            # Last, as it asks Nginx.
            *keepalived(host, inventory.edges),
            # Where directors are, they have it.
            *(authority(host) if edges_alone(inventory) else ()),
            Service(name=KEEPALIVED, manager=manager),
        ),
        (answers(inventory.edges), vrrp_settled(inventory)),
    )


def _logs(inventory: Inventory, name: str) -> tuple[Log, ...]:
    manager = service_manager_of(inventory, name)
    supervised = manager is ServiceManager.SUPERVISOR
    services = (KEEPALIVED, EDGE_SERVICE)
    return (
        Log(NGINX, NGINX_LOG),
        Log("requests", EDGE_REQUESTS),
        *(Log(name, f"/var/log/{name}.log" if supervised else None) for name in services),
    )


def _split(hosts: tuple[str, ...], _masters: object) -> list[tuple[str, tuple[str, ...]]]:
    """One after the other, so that one of them serves. Without preemption the first to come keeps
    the VIP."""
    return [("first edge", hosts[:1]), ("other edges", hosts[1:])]


EDGES = Role(
    key="edges",
    name="edges",
    order=35,
    part=part,
    openings=openings,
    gate="every",
    split=_split,
    view=edge_view,
    logs=_logs,
    diagnostics={
        "nginx-version.txt": "nginx -V 2>&1",
        "edge-sockets.txt": "ls -l /run/cosyvoice-edge; ss -ltnx 2>/dev/null | head -n 200",
    },
    question=EDGE_QUESTION,
    machines=Machines(kind="edge", prefix="edge", first=61, niceness=0, vip=110),
)
"""After the nodes they send to."""
