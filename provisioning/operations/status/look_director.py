"""The look at a director. Pure."""

from provisioning.engine.seat import record_script
from provisioning.model.address import IPAddress
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_record import ClusterRecord, RecordFormatError, from_text
from provisioning.operations.ipvs_table import parse_counters, parse_table
from provisioning.operations.status import claims
from provisioning.operations.status.interfaces import Interfaces
from provisioning.operations.status.state import DirectorState, SyncRole
from provisioning.resources.base import Observation
from provisioning.roles.places import GUARD, VRRP_STATE, instance_name

_KEEPALIVED, _VRRP, _SYNC = "director.keepalived", "director.vrrp", "director.sync"
_TABLE, _COUNTERS = "director.table", "director.counters"
_CLAIMS = "director.claims"
_HANGS = "director.hangs"
_MEMORY = "director.memory"
COUNTERS_LOOK = "ipvsadm -Ln --stats --exact"


def fragments(inventory: Inventory, name: str) -> dict[str, str]:
    """What to ask the host."""
    return {
        _KEEPALIVED: "pidof keepalived",
        _HANGS: f"[ ! -x {GUARD} ] || {GUARD} alive",
        _VRRP: "\n".join(
            f'state=; read -r state < {VRRP_STATE}/vrrp-{name} || :; echo "$state"'
            for name in _instances(inventory)
        ),
        _TABLE: "ipvsadm -Ln",
        _COUNTERS: COUNTERS_LOOK,
        _SYNC: "ipvsadm -Ln --daemon",
        _CLAIMS: claims.fragment(inventory, name),
        _MEMORY: record_script(),
    }


def parse(
    inventory: Inventory, interfaces: Interfaces, found: dict[str, Observation]
) -> DirectorState:
    """What it answered. Raises ``TableFormatError``."""
    table = found[_TABLE]
    problem = ""
    if table.status != 0:
        problem = (
            table.stderr.strip() or f"ipvsadm ended with status {table.status}"
        ).splitlines()[0]
    return DirectorState(
        interfaces=interfaces,
        keepalived=found[_KEEPALIVED].status == 0,
        vrrp=_vrrp(inventory, found[_VRRP].stdout),
        table=() if problem else parse_table(table.stdout),
        counters={} if problem else parse_counters(found[_COUNTERS].stdout),
        sync=_sync(found[_SYNC].stdout),
        problem=problem,
        claims=claims.parse(found[_CLAIMS]),
        hangs=tuple(found[_HANGS].stdout.splitlines()),
        remembers=_memory(found[_MEMORY].stdout),
    )


def _memory(text: str) -> ClusterRecord | None:
    """One that a later version wrote says nothing here; whoever changes something is told of it."""
    try:
        return from_text(text) if text else None
    except RecordFormatError:
        return None


def _sync(text: str) -> tuple[SyncRole, ...]:
    """Lines such as ``master sync daemon (mcast=eth0, syncid=51, ...)``."""
    roles: tuple[SyncRole, ...] = ("master", "backup")
    return tuple(role for role in roles if f"{role} sync daemon" in text)


def _instances(inventory: Inventory) -> list[str]:
    return [instance_name(number) for number in range(len(inventory.virtual_ips))]


def _vrrp(inventory: Inventory, text: str) -> dict[IPAddress, str]:
    """One line a VIP, empty where Keepalived has said nothing yet."""
    said = zip(inventory.virtual_ips, text.splitlines(), strict=False)
    return {vip.address.ip: state for vip, state in said if state}
