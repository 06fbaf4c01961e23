"""All rules, in the order in which their findings are shown: what stops the whole cluster first."""

from .access import IDS
from .rule import AnyRule
from .rules.announcements import ARP_LOST, MULTICAST_LOST
from .rules.claims import VIP_ANSWERED, VIP_TAKEN, VRID_TAKEN
from .rules.clocks import CLOCK_APART, CLOCK_UNKEPT
from .rules.firewall import FIREWALL_BESIDE, SYNC_DROPPED, VRRP_DROPPED
from .rules.host import (
    NAME_LOOKUP,
    OWN_NAME_RULE,
    SCHEDULER_MODULE,
    SSHD_SESSIONS,
    SSHD_STARTUPS,
)
from .rules.keepalived import KEEPALIVED_OTHER, KEEPALIVED_TWICE
from .rules.memory import GPU_MEMORY, GPU_PERSISTENCE, MEMORY_SHORT
from .rules.mtu import LARGE_RECEIVE, MTU
from .rules.outputs import OUTPUTS_MOUNT, OUTPUTS_SLOW
from .rules.paths import PATH_MTU
from .rules.programs import (
    IPVS_OWNER,
    NETWORK_MANAGER,
    NETWORKD,
    OWN_UPGRADES_RULE,
    PORT_TAKEN,
)
from .rules.reach import PORT_BLOCKED
from .rules.requirements import REQUIREMENT
from .rules.room import CONNTRACK_FULL, DISK_FULL
from .rules.routes import GATEWAY_IS_DIRECTOR, RP_FILTER
from .rules.segment import ADDRESS_TAKEN, SEGMENT_APART
from .rules.sysctls import SYSCTL_DRIFT
from .rules.vip_places import VIP_NOT_SILENT, VIP_ON_LO_WIDE, VIP_STATIC

RULES: tuple[AnyRule, ...] = (
    VIP_TAKEN,
    VIP_ANSWERED,
    VRID_TAKEN,
    VIP_STATIC,
    VIP_NOT_SILENT,
    VIP_ON_LO_WIDE,
    SEGMENT_APART,
    ADDRESS_TAKEN,
    MULTICAST_LOST,
    ARP_LOST,
    PORT_BLOCKED,
    VRRP_DROPPED,
    SYNC_DROPPED,
    FIREWALL_BESIDE,
    MTU,
    PATH_MTU,
    LARGE_RECEIVE,
    RP_FILTER,
    GATEWAY_IS_DIRECTOR,
    REQUIREMENT,
    SCHEDULER_MODULE,
    KEEPALIVED_TWICE,
    KEEPALIVED_OTHER,
    IPVS_OWNER,
    PORT_TAKEN,
    SYSCTL_DRIFT,
    NETWORKD,
    NETWORK_MANAGER,
    MEMORY_SHORT,
    GPU_MEMORY,
    GPU_PERSISTENCE,
    OUTPUTS_MOUNT,
    OUTPUTS_SLOW,
    DISK_FULL,
    CONNTRACK_FULL,
    SSHD_SESSIONS,
    SSHD_STARTUPS,
    CLOCK_APART,
    CLOCK_UNKEPT,
    OWN_UPGRADES_RULE,
    OWN_NAME_RULE,
    NAME_LOOKUP,
)

ALL_IDS = (*IDS, *(rule.id for rule in RULES))
"""Ids of all rules, those about access first."""
