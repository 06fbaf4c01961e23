"""Shows what nodes did by themselves."""

from collections.abc import Iterable

from rich.text import Text

from ...facts.app.card_service import Event
from .table import FittingTable

_STYLES = {"out": "red", "node out": "bold red", "node stays": "yellow"}


def events_table(events: Iterable[tuple[str, Event]]) -> FittingTable:
    """A row for each event, with its node."""
    table = FittingTable(headings=("time", "node", "what", "why"))
    for name, event in events:
        what = event.event if event.gpu is None else f"GPU {event.gpu} {event.event}"
        style = _STYLES.get(event.event, "green")
        table.add_row(event.time, name, Text(what, style), event.reason)
    return table
