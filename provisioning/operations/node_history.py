"""History of nodes: what each did by itself. Cards that went out of service and came back."""

from collections.abc import Iterable

from ..engine.fleet import Fleet
from ..facts.app.card_service import Event
from ..facts.app.status import AppAnswer, app_status
from ..facts.gather import ask
from ..model.inventory import Inventory
from ..transport.base import Transport

_TIMEOUT = 30.0


def node_history(
    inventory: Inventory, fleet: Fleet, names: Iterable[str]
) -> tuple[list[tuple[str, Event]], dict[str, str]]:
    """Events of nodes with their names, the oldest first, and why others do not tell theirs."""
    names = list(names)

    def look(name: str, transport: Transport) -> AppAnswer:
        return ask(name, transport, app_status(inventory, name), timeout=_TIMEOUT)

    said = fleet.each_at_once(names, look)
    silent = {name: str(fleet.errors[name]) for name in names if name not in said}
    silent |= {name: answer.problem for name, answer in said.items() if answer.status is None}
    events = [
        (name, event)
        for name, answer in said.items()
        if answer.status is not None
        for event in answer.status.cards.history
    ]
    return sorted(events, key=lambda told: told[1].time), silent
