"""Directors as they send, edges where these are alone, and the real servers that serve by them."""

from collections.abc import Iterable
from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...facts.gather import ask_each
from ...facts.managed import DEPLOYED
from ...model.derived.way_in import way_in
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...roles.wanted_services import way_in_services
from ..cluster_state.tables import Tables, holders_of, tables_if_any
from .weights import weight_of


@dataclass(frozen=True, slots=True)
class Directors:
    """State of the directors at one moment; of the edges, where these are alone."""

    tables: Tables
    """Of those that were deployed to and send anything: they are told of drains."""
    holders: frozenset[str]
    """Those that hold a VIP."""
    silent: dict[str, str]
    """Those that cannot be reached, and why."""

    @property
    def told(self) -> list[str]:
        """Names of directors that are told of drains."""
        return list(self.tables)

    @property
    def unseen(self) -> str:
        """Say why it is unknown which directors send to whom; empty where it is known."""
        if not self.silent or self.holders & self.tables.keys():
            return ""
        return "; ".join(self.silent.values())


def look_at_directors(inventory: Inventory, fleet: Fleet) -> Directors:
    """Connect to all directors and observe their kernels. ``inventory`` has what they follow."""
    names = way_in(inventory)
    fleet.connect(names)
    deployed = ask_each(names, fleet, DEPLOYED, timeout=30)
    keys = {service.key for service in way_in_services(inventory, Runtime())}
    tables = {
        name: table
        for name, table in tables_if_any(inventory, names, fleet).items()
        if deployed.get(name) and any(service.key in keys for service in table)
    }
    silent = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    return Directors(tables, holders_of(inventory, fleet), silent)


def serving(inventory: Inventory, tables: Tables, names: Iterable[str]) -> set[str]:
    """List real servers that some director sends new connections to. Pure."""
    services = way_in_services(inventory, Runtime())
    return {
        name
        for name in names
        if any(weight_of(table, one, name) for table in tables.values() for one in services)
    }


def moved(before: Inventory, after: Inventory) -> list[str]:
    """List endpoints of clients that will be gone. Pure."""
    kept = {one.key for one in way_in_services(after, Runtime())}
    return [one.endpoint for one in way_in_services(before, Runtime()) if one.key not in kept]
