"""Last lines of hosts that cannot be reached, from the log host."""

from ...engine.fleet import Fleet
from ...model.inventory import Inventory
from ..logs.search import Query, from_log_host

_LINES = 5000
_HOURS = 2
"""Files of an hour each, of which the last may have just begun."""


def last_words(
    inventory: Inventory, fleet: Fleet, names: list[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Texts by host, for those of whom there is anything; what went wrong, by host."""
    if inventory.logs is None:
        return {}, {}
    log_host = next(iter(inventory.logs.hosts))
    texts: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name in names:
        if log_host in fleet.errors:
            break
        found = from_log_host(log_host, fleet, Query(nodes=(name,), lines=_LINES, hours=_HOURS))
        errors |= found.errors
        lines = [f"{one['time']} {one['service']} {one['line']}\n" for one in found.records]
        if lines:
            texts[name] = "".join(lines)
    return texts, errors
