"""Plan of a maintenance: its hosts, their order, and what stands against it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ...model.derived.way_in import edges_alone
from ...model.inventory import Inventory
from ...model.labels import label_values
from ...model.runtime import Runtime
from ...roles.registry import roles_of
from ..rolling.capacity import live_weights
from ..rolling.errors import PreflightError
from ..rolling.snapshot import ClusterSnapshot
from ..rolling_upgrade.ordering import planned
from .options import MaintenanceOptions
from .state import CAUSE, HostState
from .work import Work


@dataclass(frozen=True, slots=True)
class Plan:
    """Hosts of a maintenance, in order."""

    hosts: tuple[HostState, ...]
    notes: tuple[str, ...]
    """For the operator."""


def plan_maintenance(
    inventory: Inventory,
    runtime: Runtime,
    hosts: Collection[str],
    options: MaintenanceOptions,
    work: Work,
    snapshot: ClusterSnapshot,
    holders: Collection[str],
) -> Plan:
    """Choose the batches: real servers, then hosts for monitoring and logs, edges, directors, those
    that hold a VIP after the others, and storage. Raises ``PreflightError`` and ``OptionError``."""
    roles = {name: tuple(role.key for role in roles_of(inventory, name)) for name in hosts}
    servers = [name for name in hosts if roles[name] == ("real_servers",)]
    others = [name for name in hosts if roles[name] and name not in servers]
    _require_there(snapshot, [name for name in hosts if "real_servers" in roles[name]])
    # What this command drained itself it brings back.
    drained = {name for name, drain in runtime.drains.items() if drain.cause != CAUSE}
    nodes = planned(servers, (), options.of_upgrade(), snapshot, label_values(inventory))
    found = [
        HostState(
            node.host, roles[node.host], node.batch, node.canary, drained=node.host in drained
        )
        for node in nodes
    ]
    last = max((host.batch for host in found), default=0)
    for number, name in enumerate(_by_turn(others, roles, holders), last + 1):
        found.append(HostState(name, roles[name], number, drained=name in drained))
    notes = _notes(inventory, found, options, work)
    return Plan(tuple(found), tuple(notes))


def share_out(snapshot: ClusterSnapshot, hosts: Iterable[str], together: int | None = None) -> int:
    """Percent of the weight that clients have now which is out of service without these hosts, or
    without the heaviest ones of them where so many are out ``together`` at most; of several
    services the most."""
    hosts, most = set(hosts), 0.0
    for service in snapshot.services:
        live = live_weights(snapshot, service)
        if whole := sum(live.values()):
            weights = sorted((live[host] for host in hosts & live.keys()), reverse=True)
            most = max(most, 100 * sum(weights[:together]) / whole)
    return round(most)


def _require_there(snapshot: ClusterSnapshot, servers: Collection[str]) -> None:
    if gone := [snapshot.unreachable[name] for name in servers if name in snapshot.unreachable]:
        raise PreflightError("; ".join(gone))
    if unknown := [name for name in servers if not snapshot.nodes[name].release]:
        raise PreflightError(
            f"{', '.join(unknown)}: nothing was deployed there yet; `cluster deploy` first"
        )


def _by_turn(
    names: Iterable[str], roles: Mapping[str, tuple[str, ...]], holders: Collection[str]
) -> list[str]:
    def turn(name: str) -> tuple[int, bool]:
        own = roles[name]
        late = ("edges", "directors", "storage")
        place = max((late.index(key) + 1 for key in own if key in late), default=0)
        return place, name in holders

    return sorted(names, key=turn)


def _notes(
    inventory: Inventory, hosts: Iterable[HostState], options: MaintenanceOptions, work: Work
) -> list[str]:
    hosts = list(hosts)
    notes = []
    if drained := [host.host for host in hosts if host.drained and host.serves]:
        notes.append(f"{', '.join(drained)}: drained, and will stay so; `cluster undrain` ends it")
    for host in hosts:
        if "storage" in host.roles and inventory.real_servers.hosts:
            nodes = ", ".join(inventory.real_servers.hosts)
            notes.append(
                f"{host.host}: {nodes} write to it; while it is away they keep their outputs to "
                "themselves, and bring them once it is back"
            )
        if alone := _alone(inventory, host):
            text = f"{host.host}: is the only {alone}, so no client is served while it is away"
            if work.reboot and not options.force:
                raise PreflightError(f"{text}; --force does it all the same")
            notes.append(text)
    return notes


def _alone(inventory: Inventory, host: HostState) -> str:
    """The way in that a host alone is; empty where it is none, or another one is there."""
    if "directors" in host.roles and len(inventory.directors.hosts) == 1:
        return "director"
    edges = edges_alone(inventory) or inventory.edges
    if "edges" in host.roles and edges is not None and len(edges.hosts) == 1:
        return "edge"
    return ""
