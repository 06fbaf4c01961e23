"""State of a cluster in one look. Plain data."""

from dataclasses import dataclass, field
from typing import Any

from ...facts.clock import Clock
from ...facts.hosts.director import DirectorState
from ...facts.hosts.real_server import RealServerState
from ...facts.hosts.storage import StorageState
from ...model.cluster_record import UnfinishedMaintenance, UnfinishedUpgrade
from ...model.rotation import UnfinishedRotation
from ...model.runtime import Runtime
from ...roles.director.director import DIRECTORS
from ...roles.host_status import HostStatus
from ...roles.real_server.real_server import REAL_SERVERS
from ...roles.storage import STORAGE


@dataclass(frozen=True, slots=True)
class ClusterState:
    """All hosts by name; a host with two roles is in two of them."""

    directors: dict[str, DirectorState] = field(default_factory=dict)
    real_servers: dict[str, RealServerState] = field(default_factory=dict)
    storage: dict[str, StorageState] = field(default_factory=dict)
    others: dict[str, dict[str, HostStatus]] = field(default_factory=dict)
    """By the key of the role: those of further roles."""
    unreachable: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be looked at, and why."""
    runtime: Runtime = field(default_factory=Runtime)
    """Changes on purpose that the inventory does not have."""
    run: str = ""
    """The run that changes the cluster now; empty where none does."""
    upgrade: UnfinishedUpgrade | None = None
    """A rolling upgrade under way or cut."""
    maintenance: UnfinishedMaintenance | None = None
    """A maintenance under way or cut."""
    rotation: UnfinishedRotation | None = None
    """A rotation of the nodes' secret under way or cut."""
    split: str = ""
    """Who changed the cluster apart from whom; empty where nobody did."""
    remedies: dict[str, str] = field(default_factory=dict)
    """Fixes for some that could not be looked at."""
    clocks: dict[str, Clock] = field(default_factory=dict)
    """Of the hosts that could be."""
    left_out: frozenset[str] = frozenset()
    """Hosts that were not to be looked at."""

    def of_role(self, key: str) -> dict[str, Any]:
        """States of the hosts of one role."""
        own: dict[str, dict[str, Any]] = {
            DIRECTORS.key: self.directors,
            REAL_SERVERS.key: self.real_servers,
            STORAGE.key: self.storage,
        }
        return own[key] if key in own else self.others.setdefault(key, {})

    def host_of_mac(self, mac: str) -> str | None:
        """Host with an interface that has this MAC address."""
        looked_at = {name: host.interfaces for name, host in self.directors.items()}
        looked_at |= {name: host.interfaces for name, host in self.real_servers.items()}
        for name, interfaces in looked_at.items():
            if mac.lower() in interfaces.macs.values():
                return name
        return None
