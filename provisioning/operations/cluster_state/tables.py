"""The directors' kernel tables, looked at; of edges alone the same, from what they send to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...engine.fleet import Fleet
from ...facts.edge_sends import EdgeSends, edge_sends
from ...facts.fact import Answers, Fact
from ...facts.gather import gather
from ...facts.ipvs.table import (
    IPVS_TABLE,
    NoTableError,
    TableFormatError,
    TableServer,
    TableService,
)
from ...facts.lan.interfaces import INTERFACES, Interfaces
from ...facts.lan.vip_holder import holders, interfaces_of_any
from ...model.derived.nodes import nodes_of
from ...model.derived.way_in import edges_alone, way_in, way_in_vips
from ...model.edge import Edges
from ...model.inventory import Inventory
from ...transport.base import Transport, TransportError

Tables = dict[str, tuple[TableService, ...]]
"""Virtual services in each director's kernel; of edges alone theirs, by the edge."""

_TIMEOUT = 30.0


def look_at_tables(inventory: Inventory, directors: Iterable[str], fleet: Fleet) -> Tables:
    """The tables of those directors that are connected and have one; without one, a director
    counts as one that cannot be reached."""

    def look(name: str, transport: Transport) -> tuple[TableService, ...]:
        table = _look(inventory, name, transport)
        if isinstance(table, str):
            raise TransportError(f"{name}: {table}")
        return table

    return fleet.each(directors, look)


@dataclass(frozen=True, slots=True)
class WayIn:
    """The directors at one moment, or edges alone, as far as they answered."""

    tables: Tables
    lacking: dict[str, str]
    """Why others have no table, by name."""
    holders: frozenset[str]
    """Those that hold a VIP."""


def way_in_questions(inventory: Inventory) -> tuple[Fact[Any], ...]:
    """Questions for a director's table and addresses, in one round trip."""
    return (_table_question(inventory), INTERFACES)


def way_in_of(inventory: Inventory, seen: Mapping[str, Answers]) -> WayIn:
    """Put the answers of directors to ``way_in_questions`` together. Pure."""
    found = {name: _table_of(inventory, answers) for name, answers in seen.items()}
    interfaces = {name: interfaces_of_any(answers) for name, answers in seen.items()}
    return WayIn(
        {name: table for name, table in found.items() if not isinstance(table, str)},
        {name: f"{name}: {why}" for name, why in found.items() if isinstance(why, str)},
        frozenset(holders(interfaces, [vip.address.ip for vip in way_in_vips(inventory)])),
    )


def tables_if_any(inventory: Inventory, directors: Iterable[str], fleet: Fleet) -> Tables:
    """As ``look_at_tables``, but a director that has none (yet) stays connected."""

    def look(name: str, transport: Transport) -> tuple[TableService, ...] | str:
        return _look(inventory, name, transport)

    found = fleet.each(directors, look)
    return {name: table for name, table in found.items() if not isinstance(table, str)}


def _look(inventory: Inventory, name: str, transport: Transport) -> tuple[TableService, ...] | str:
    """The table, or why there is none."""
    wanted = _table_question(inventory)
    return _table_of(inventory, gather(name, transport, (wanted,), timeout=_TIMEOUT))


def _table_question(inventory: Inventory) -> Fact[Any]:
    edges = edges_alone(inventory)
    return edge_sends(edges.port) if edges else IPVS_TABLE


def _table_of(inventory: Inventory, answers: Answers) -> tuple[TableService, ...] | str:
    if edges := edges_alone(inventory):
        sends = answers[edge_sends(edges.port)]
        return sends.problem or (edge_table(inventory, edges, sends),)
    try:
        return answers[IPVS_TABLE]
    except (NoTableError, TableFormatError) as error:
        return f"no IPVS table: {error}"


def edge_table(inventory: Inventory, edges: Edges, sends: EdgeSends) -> TableService:
    """The nodes an edge sends to, as a director's table would have it: a real server has the
    weight that any of its nodes has. Of connections it knows nothing; the app does. Pure."""
    servers = []
    for name, host in inventory.real_servers.hosts.items():
        known = [
            host.weight if (weight := sends.weights[node.name]) is None else weight
            for node in nodes_of(inventory, name)
            if node.name in sends.weights
        ]
        if known:
            servers.append(TableServer(host.address, edges.port, "", max(known), 0, 0))
    vip = edges.vip.address.ip
    return TableService("TCP", vip, edges.port, "", frozenset(), None, None, tuple(servers))


def holders_of(inventory: Inventory, fleet: Fleet) -> frozenset[str]:
    """The connected directors that hold a VIP; of edges alone the one that holds theirs."""

    def look(name: str, transport: Transport) -> Interfaces:
        return interfaces_of_any(gather(name, transport, (INTERFACES,), timeout=_TIMEOUT))

    seen = fleet.each(way_in(inventory), look)
    return frozenset(holders(seen, [vip.address.ip for vip in way_in_vips(inventory)]))
