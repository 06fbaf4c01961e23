"""Every role there is, and who has which."""

from ..model.inventory import Inventory
from .director.director import DIRECTORS
from .edge.edge import EDGES
from .logs.log_host import LOGS
from .monitoring.monitoring import MONITORING
from .real_server.real_server import REAL_SERVERS
from .role import Role
from .storage import STORAGE

ROLES: tuple[Role, ...] = (
    DIRECTORS,
    REAL_SERVERS,
    STORAGE,
    EDGES,
    MONITORING,
    LOGS,
)
"""In the order in which people meet them, the inventory's."""


def roles_of(inventory: Inventory, name: str) -> list[Role]:
    """Roles of a host; none where it is a client alone."""
    return [role for role in ROLES if name in role.hosts(inventory)]


def deploy_order() -> list[Role]:
    """Those that others depend on first."""
    return sorted(ROLES, key=lambda role: role.order)
