"""The boards of a cluster: those that have something to show. Pure."""

from ....model.inventory import Inventory
from .board import Board
from .directors import DIRECTORS
from .edge import EDGE
from .gpus import GPUS
from .hosts import HOSTS_AND_STORAGE
from .overview import overview
from .upgrades import UPGRADES


def boards(inventory: Inventory) -> list[Board]:
    """In the order of a menu."""
    monitoring = inventory.monitoring
    objectives = monitoring.objectives.labels if monitoring else ()
    found = [overview(tls=inventory.tls is not None, objectives=objectives)]
    if inventory.directors.hosts:
        found.append(DIRECTORS)
    if inventory.edges is not None:
        found.append(EDGE)
    return [*found, GPUS, HOSTS_AND_STORAGE, UPGRADES]
