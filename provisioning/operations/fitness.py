"""Whether a director could be master now, as what was seen tells. Pure."""

from provisioning.model.inventory import Inventory
from provisioning.operations.ipvs_table import TableService
from provisioning.operations.status.faults.vip_holder import holders
from provisioning.operations.status.state import ClusterState
from provisioning.operations.status.wanted import wanted_services


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
    reasons = [
        f"it is {heir.vrrp.get(vip.address.ip, 'nothing yet')} for {vip.address.ip}, not BACKUP"
        for vip in inventory.virtual_ips
        if heir.vrrp.get(vip.address.ip) != "BACKUP" and name not in holders(state, vip.address.ip)
    ]
    if heir.problem:
        return [*reasons, f"it has no IPVS table: {heir.problem}"]
    present = {service.key: service for service in heir.table}
    for wanted in wanted_services(inventory, state.runtime):
        table = present.get(wanted.key)
        if table is None:
            reasons.append(f"{wanted.endpoint} is not in its kernel's table")
        elif not any(server.weight for server in table.servers):
            reasons.append(f"its health checks see no server of {wanted.endpoint}")
    for master in masters(inventory, state) - {name}:
        reasons += _unlike(heir.table, state.directors[master].table, master)
    listens = "backup" in heir.sync or name in holders(state, inventory.virtual_ips[0].address.ip)
    if inventory.ipvs.sync_daemon is not None and not listens:
        reasons.append("its connection sync daemon does not run as backup")
    return reasons


def _unlike(
    ours: tuple[TableService, ...], theirs: tuple[TableService, ...], master: str
) -> list[str]:
    if _telling(ours) == _telling(theirs):
        return []
    return [f"its kernel's table differs from that of {master}; `cluster status` shows both"]


def _telling(table: tuple[TableService, ...]) -> set[object]:
    """What must be alike: all but the connections."""
    return {
        (
            service.key,
            service.scheduler,
            service.flags,
            service.persistence,
            service.granularity,
            frozenset((s.address, s.port, s.forward, s.weight) for s in service.servers),
        )
        for service in table
    }
