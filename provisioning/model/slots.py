"""Jobs that real servers can run at a time, as far as the inventory tells. Pure."""

from .engine import ALL, NONE
from .inventory import Inventory
from .resolve import gpus_of


def slots_of(inventory: Inventory, name: str) -> int | None:
    """Jobs at a time on a real server; None where only its cards can tell."""
    engine, host = inventory.app.engine, inventory.real_servers.hosts[name]
    if engine is None or engine.gpus in (None, NONE):
        return host.workers or inventory.app.workers
    cards = _cards(inventory, name, engine.gpus or ALL)
    return None if cards is None else cards * (engine.jobs_per_gpu or 1)


def cards_of(inventory: Inventory, name: str) -> int:
    """Cards that a real server's jobs run on; 0 where it is not by cards that they are counted."""
    engine = inventory.app.engine
    if engine is None or engine.gpus in (None, NONE):
        return 0
    return _cards(inventory, name, engine.gpus or ALL) or 0


def _cards(inventory: Inventory, name: str, chosen: str) -> int | None:
    if chosen != ALL:
        return len(chosen.split(","))
    gpus = gpus_of(inventory, name)
    return gpus.count if gpus is not None and gpus.count else None
