"""State of a director. Pure but for reading package data."""

from dataclasses import dataclass, field

from ...model.address import IPAddress
from ...model.cluster_record import ClusterRecord
from ...model.inventory import Inventory
from ..cluster_record import CLUSTER_RECORD, RUN_HOLDER, remembered
from ..fact import Answers, View
from ..ipvs.counters import IPVS_COUNTERS, Counters
from ..ipvs.sync_daemon import SYNC_ROLES, SyncRole
from ..ipvs.table import IPVS_TABLE, NoTableError, ServiceKey, TableService
from ..keepalived import KEEPALIVED_HANGS, KEEPALIVED_RUNS
from ..lan.interfaces import INTERFACES, Interfaces
from ..lan.vip_claims import Claims, vip_claims
from ..lan.vrrp_state import vrrp_states


@dataclass(frozen=True, slots=True)
class DirectorState:
    """One director."""

    interfaces: Interfaces
    keepalived: bool
    """True if Keepalived runs."""
    vrrp: dict[IPAddress, str]
    """Last state of each VIP: ``MASTER``, ``BACKUP``, ``FAULT`` or ``STOP``."""
    table: tuple[TableService, ...]
    counters: dict[ServiceKey, Counters]
    sync: tuple[SyncRole, ...]
    """Sides of the connection sync daemon that run."""
    problem: str = ""
    """Reason for which the kernel has no table; empty where it has one."""
    claims: Claims = field(default_factory=Claims)
    """Claims of other machines on the VIPs."""
    hangs: tuple[str, ...] = ()
    """Processes of Keepalived that are there and do not live, each in words."""
    remembers: ClusterRecord | None = None
    """Its record of the cluster."""
    held_by: str = ""
    """The run that changes it now; empty where none does."""


def director_view(inventory: Inventory, name: str) -> View[DirectorState]:
    """Facts of a director. Their combination raises ``TableFormatError`` and
    ``InterfacesFormatError``."""
    vrrp, claims = vrrp_states(inventory), vip_claims(inventory, name)

    def combine(seen: Answers) -> DirectorState:
        table, problem = _table(seen)
        return DirectorState(
            interfaces=seen[INTERFACES],
            keepalived=seen[KEEPALIVED_RUNS],
            vrrp=seen[vrrp],
            table=table,
            counters={} if problem else seen[IPVS_COUNTERS],
            sync=seen[SYNC_ROLES],
            problem=problem,
            claims=seen[claims],
            hangs=seen[KEEPALIVED_HANGS],
            remembers=remembered(seen[CLUSTER_RECORD]),
            held_by=seen[RUN_HOLDER],
        )

    facts = (
        KEEPALIVED_RUNS,
        KEEPALIVED_HANGS,
        vrrp,
        IPVS_TABLE,
        IPVS_COUNTERS,
        SYNC_ROLES,
        claims,
        CLUSTER_RECORD,
        RUN_HOLDER,
        INTERFACES,
    )
    return View(facts, combine)


def _table(seen: Answers) -> tuple[tuple[TableService, ...], str]:
    """The table, or why there is none."""
    try:
        return seen[IPVS_TABLE], ""
    except NoTableError as error:
        return (), str(error).splitlines()[0]
