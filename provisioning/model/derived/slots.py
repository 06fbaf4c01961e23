"""Jobs that real servers can run at a time, as far as the inventory tells. Pure."""

from ..engine import ALL, NONE
from ..inventory import Inventory
from .resolve import gpus_of


def slots_of(inventory: Inventory, name: str) -> int | None:
    """Jobs at a time on a real server; None where only its cards can tell."""
    if not _by_cards(inventory):
        return inventory.real_servers.hosts[name].workers or inventory.app.workers
    cards = card_names(inventory, name)
    return len(cards) * jobs_of_a_card(inventory) if cards else None


def cards_of(inventory: Inventory, name: str) -> int:
    """Cards that a real server's jobs run on; 0 where it is not by cards that they are counted."""
    return len(card_names(inventory, name) or ()) if _by_cards(inventory) else 0


def jobs_of_a_card(inventory: Inventory) -> int:
    """Jobs at a time on a card, where they are counted by cards."""
    engine = inventory.app.engine
    return (engine.jobs_per_gpu if engine else None) or 1


def card_names(inventory: Inventory, name: str) -> tuple[str, ...] | None:
    """Numbers or UUIDs of the cards of a real server that the app is to use; None where nobody
    says how many there are."""
    chosen = inventory.app.engine.gpus if inventory.app.engine else None
    if chosen not in (None, ALL, NONE):
        return tuple(str(chosen).split(","))
    gpus = gpus_of(inventory, name)
    return tuple(map(str, range(gpus.count))) if gpus is not None and gpus.count else None


def _by_cards(inventory: Inventory) -> bool:
    engine = inventory.app.engine
    chosen = engine is not None and engine.gpus not in (None, NONE)
    return chosen or inventory.app.per_gpu
