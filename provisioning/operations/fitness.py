"""Whether a director could be master now, as what was seen tells. Pure."""

from collections.abc import Iterator

from provisioning.model.inventory import Inventory
from provisioning.operations.ipvs_table import TableService
from provisioning.operations.status.faults.vip_holder import holders
from provisioning.operations.status.state import ClusterState
from provisioning.operations.status.wanted import WantedService, wanted_services


def masters(inventory: Inventory, state: ClusterState) -> set[str]:
    """The directors that hold a VIP."""
    return {name for vip in inventory.virtual_ips for name in holders(state, vip.address.ip)}


def unfit(inventory: Inventory, state: ClusterState, name: str) -> list[str]:
    """Why a director should not take the VIPs over; empty where it can."""
    if name not in state.directors:
        return [f"it cannot be looked at: {state.unreachable.get(name, 'not connected')}"]
    heir = state.directors[name]
    if not heir.keepalived:
        return ["Keepalived does not run there"]
    if heir.hangs:
        return list(heir.hangs)
    reasons = [
        f"it is {heir.vrrp.get(vip.address.ip, 'nothing yet')} for {vip.address.ip}, not BACKUP"
        for vip in inventory.virtual_ips
        if heir.vrrp.get(vip.address.ip) != "BACKUP" and name not in holders(state, vip.address.ip)
    ]
    if heir.problem:
        return [*reasons, f"it has no IPVS table: {heir.problem}"]
    reasons += _table_reasons(inventory, state, name)
    listens = "backup" in heir.sync or name in holders(state, inventory.virtual_ips[0].address.ip)
    if inventory.ipvs.sync_daemon is not None and not listens:
        reasons.append("its connection sync daemon does not run as backup")
    return reasons


def _table_reasons(inventory: Inventory, state: ClusterState, name: str) -> list[str]:
    """Where the heir's table is not what the inventory asks for. What the master has is no measure,
    as it may be the broken one; but a real server that no director sends to is down, and no fault
    of the heir's."""
    others = [one for other, one in state.directors.items() if other != name]
    reasons = []
    for wanted in wanted_services(inventory, state.runtime):
        ours = _find(state.directors[name].table, wanted)
        if ours is None:
            reasons.append(f"{wanted.endpoint} is not in its kernel's table")
        elif not any(server.weight for server in ours.servers):
            reasons.append(f"its health checks see no server of {wanted.endpoint}")
        else:
            theirs = [table for one in others if (table := _find(one.table, wanted))]
            reasons += _differences(wanted, ours, theirs)
    return reasons


def _find(table: tuple[TableService, ...], wanted: WantedService) -> TableService | None:
    return next((service for service in table if service.key == wanted.key), None)


def _differences(
    wanted: WantedService, ours: TableService, theirs: list[TableService]
) -> Iterator[str]:
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
        if name is None and server.address != wanted.service.sorry_server:
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


def _unlike(wanted: WantedService, what: str) -> str:
    return (
        f"its kernel's table differs from the inventory in {what} for {wanted.endpoint};"
        " `cluster status` shows it"
    )
