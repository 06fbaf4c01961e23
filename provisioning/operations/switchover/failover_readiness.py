"""Readiness of a director to be master now. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from ...facts.ipvs.table import TableService
from ...model.derived.resolve import sync_daemon_of
from ...model.inventory import Inventory
from ...roles.wanted_services import WantedService, wanted_services
from ..cluster_state.state import ClusterState
from ..faults.vip_holder import holders


@dataclass(frozen=True, slots=True)
class Blocker:
    """A reason why a director should not take the VIPs over."""

    reason: str
    absolute: bool = False
    """With it no client would be served; no force overcomes it."""

    def __str__(self) -> str:
        return self.reason


def masters(inventory: Inventory, state: ClusterState) -> set[str]:
    """The directors that hold a VIP."""
    return {name for vip in inventory.virtual_ips for name in holders(state, vip.address.ip)}


def blockers(inventory: Inventory, state: ClusterState, name: str) -> list[Blocker]:
    """Empty where a director can take the VIPs over."""
    if name not in state.directors:
        reason = state.unreachable.get(name, "not connected")
        return [Blocker(f"it cannot be looked at: {reason}", absolute=True)]
    candidate = state.directors[name]
    if not candidate.keepalived:
        return [Blocker("Keepalived does not run there", absolute=True)]
    if candidate.hangs:
        return [Blocker(reason, absolute=bool(candidate.problem)) for reason in candidate.hangs]
    found = [
        Blocker(
            f"it is {candidate.vrrp.get(vip.address.ip, 'nothing yet')} for {vip.address.ip}, "
            "not BACKUP",
            absolute=True,
        )
        for vip in inventory.virtual_ips
        if candidate.vrrp.get(vip.address.ip) != "BACKUP"
        and name not in holders(state, vip.address.ip)
    ]
    if candidate.problem:
        return [*found, Blocker(f"it has no IPVS table: {candidate.problem}", absolute=True)]
    found += _table_blockers(inventory, state, name)
    first = inventory.virtual_ips[0].address.ip
    listens = "backup" in candidate.sync or name in holders(state, first)
    if sync_daemon_of(inventory) is not None and not listens:
        found.append(Blocker("its connection sync daemon does not run as backup"))
    return found


def _table_blockers(inventory: Inventory, state: ClusterState, name: str) -> list[Blocker]:
    """Find where the candidate's table is not what the inventory asks for. What the master has is
    no measure, as it may be the broken one; but a real server that no director sends to is down,
    and no fault of the candidate's."""
    others = [one for other, one in state.directors.items() if other != name]
    found: list[Blocker] = []
    for wanted in wanted_services(inventory, state.runtime):
        ours = _find(state.directors[name].table, wanted)
        if ours is None:
            found.append(Blocker(f"{wanted.endpoint} is not in its kernel's table"))
        elif not any(server.weight for server in ours.servers):
            reason = f"its health checks see no server of {wanted.endpoint}"
            found.append(Blocker(reason, absolute=True))
        else:
            theirs = [table for one in others if (table := _find(one.table, wanted))]
            found += _differences(wanted, ours, theirs)
    return found


def _find(table: tuple[TableService, ...], wanted: WantedService) -> TableService | None:
    return next((service for service in table if service.key == wanted.key), None)


def _differences(
    wanted: WantedService, ours: TableService, theirs: list[TableService]
) -> Iterator[Blocker]:
    same = (
        ours.scheduler == wanted.service.scheduler.value
        and ours.flags == wanted.flags
        and ours.persistence == wanted.persistence
        and ours.granularity == wanted.granularity
        and all(server.forward in ("Route", "Local") for server in ours.servers)
    )
    if not same:
        yield _unlike(wanted, "its scheduler, persistence or forwarding")
    for server in ours.servers:
        name = wanted.name_of((server.address, server.port))
        if name is None and server.address != wanted.sorry_address:
            yield _unlike(wanted, f"{server.address}, which is not in the inventory,")
    moved = wanted.weights_move
    for name in wanted.servers:
        should, weight = wanted.weights[name], _weight(wanted, ours, name)
        well = weight == should or (moved and weight and name not in wanted.drained)
        if well or (should == 0 and weight is None):
            continue
        # Out of the table or of weight 0 its check fails, which may well be so.
        if weight or any(_weight(wanted, other, name) for other in theirs):
            has = "nothing" if weight is None else f"weight {weight}"
            yield _unlike(wanted, f"{name}, which has {has} instead of weight {should},")


def _weight(wanted: WantedService, table: TableService, name: str) -> int | None:
    for server in table.servers:
        if wanted.name_of((server.address, server.port)) == name:
            return server.weight
    return None


def _unlike(wanted: WantedService, what: str) -> Blocker:
    return Blocker(
        f"its kernel's table differs from the inventory in {what} for {wanted.endpoint};"
        " `cluster status` shows it"
    )
