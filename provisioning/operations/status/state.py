"""What a cluster's hosts were seen to be, in one look. Plain data."""

from dataclasses import dataclass, field
from typing import Literal

from provisioning.model.address import IPAddress
from provisioning.model.runtime import Runtime
from provisioning.operations.cluster_record import ClusterRecord
from provisioning.operations.ipvs_table import Counters, ServiceKey, TableService
from provisioning.operations.status.claims import Claims
from provisioning.operations.status.clocks import Clock
from provisioning.operations.status.interfaces import Interfaces

SyncRole = Literal["master", "backup"]


@dataclass(frozen=True, slots=True)
class DirectorState:
    """One director."""

    interfaces: Interfaces
    keepalived: bool
    """Whether Keepalived runs."""
    vrrp: dict[IPAddress, str]
    """What Keepalived last said of each VIP: ``MASTER``, ``BACKUP``, ``FAULT`` or ``STOP``."""
    table: tuple[TableService, ...]
    counters: dict[ServiceKey, Counters]
    sync: tuple[SyncRole, ...]
    """Sides of the connection sync daemon that run."""
    problem: str = ""
    """Why the kernel's table could not be read; empty where it was."""
    claims: Claims = field(default_factory=Claims)
    """Who else on the LAN claims the VIPs."""
    hangs: tuple[str, ...] = ()
    """Which processes of Keepalived do not live, though they are there, each in words."""
    remembers: ClusterRecord | None = None
    """What it remembers of the cluster."""


@dataclass(frozen=True, slots=True)
class MountState:
    """The outputs folder as a real server has it. Sizes are bytes."""

    source: str
    fstype: str
    writable: bool
    answers: bool
    """False where the file server did not answer in time."""
    free: int
    size: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How a GET was answered that a host made on itself."""

    ok: bool
    """Whether with the status that the inventory's health check wants."""
    text: str
    """What was said, or why nothing was, in one line."""


@dataclass(frozen=True, slots=True)
class AppState:
    """What the app on a node says of itself."""

    node: str
    version: str
    release: str | None
    draining: bool
    """Whether it takes no new work, so that it can be stopped without harm."""
    running: int
    """Jobs at work."""
    waiting: int
    """Jobs in the queue."""
    not_ready: str = ""
    """Why it should get no clients; empty where it should."""
    answers: int | None = None
    """Requests under way, without pages that are just open; nothing where it does not tell."""


@dataclass(frozen=True, slots=True)
class RealServerState:
    """One real server."""

    interfaces: Interfaces
    arp_ignore: int | None
    """Effective value, which is the greater of ``all`` and the interface's; nothing where it
    could not be read."""
    arp_announce: int | None
    service: str
    """``running``, or what the service manager says instead."""
    answers: dict[str, Answer]
    """The health check as the host itself gets it, by endpoint: at its own address and at each
    VIP, for every service."""
    app: AppState | None
    release: str
    """Id of the release that ``current`` points to; empty where there is none."""
    mount: MountState | None
    peers: frozenset[tuple[str, str]] | None = None
    """Name and URL of each node, as its peers file has them; nothing where it was not looked at."""
    secret: str | None = None
    """Checksum of the cluster secret, to be compared with others' and shown nowhere; empty where
    there is none."""

    @property
    def ready(self) -> bool:
        """Whether every answer was as the health check wants it."""
        return all(answer.ok for answer in self.answers.values())


@dataclass(frozen=True, slots=True)
class StorageState:
    """The host that exports the outputs folder. Sizes are bytes."""

    exported_to: tuple[str, ...]
    """Whom the folder is exported to (exports(5) client names); empty where it is not."""
    threads: int
    """NFS server threads; 0 where the server does not run."""
    free: int
    size: int


@dataclass(frozen=True, slots=True)
class ClusterState:
    """All hosts by name; a host with two roles is in two of them."""

    directors: dict[str, DirectorState] = field(default_factory=dict)
    real_servers: dict[str, RealServerState] = field(default_factory=dict)
    storage: dict[str, StorageState] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be looked at, and why."""
    runtime: Runtime = field(default_factory=Runtime)
    """What was done to them on purpose and the inventory does not say."""
    remedies: dict[str, str] = field(default_factory=dict)
    """What to do about some that could not be looked at."""
    clocks: dict[str, Clock] = field(default_factory=dict)
    """Of the hosts that could be."""

    def host_of_mac(self, mac: str) -> str | None:
        """Which host has an interface with this MAC address."""
        looked_at = {name: host.interfaces for name, host in self.directors.items()}
        looked_at |= {name: host.interfaces for name, host in self.real_servers.items()}
        for name, interfaces in looked_at.items():
            if mac.lower() in interfaces.macs.values():
                return name
        return None
