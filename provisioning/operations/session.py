"""An inventory in use: its folder, its state, connections to its hosts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisioning.engine.fleet import Fleet
from provisioning.engine.progress import Progress, silent
from provisioning.errors import ClusterError
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import all_hosts, connection_of, groups
from provisioning.model.runtime import Runtime
from provisioning.operations.operator_name import operator_name
from provisioning.operations.runtime_state import load_record
from provisioning.transport.base import Transport
from provisioning.transport.locked import LockedTransport
from provisioning.transport.ssh import connect


@dataclass(frozen=True, slots=True)
class Site:
    """An inventory and its folder."""

    inventory: Inventory
    path: Path
    """The inventory file."""

    @property
    def base_dir(self) -> Path:
        """Base of relative paths in the inventory."""
        return self.path.resolve().parent

    @property
    def state_dir(self) -> Path:
        """The control machine's memory of this cluster: history and lock."""
        return self.base_dir / ".cluster" / self.inventory.name

    @property
    def record(self) -> ClusterRecord:
        """Record of the cluster in this folder, read anew. Raises ``RuntimeStateError``."""
        return load_record(self.state_dir)

    @property
    def runtime(self) -> Runtime:
        """Drains, pins and the like, read anew. Raises ``RuntimeStateError``."""
        return self.record.runtime

    @property
    def history_dir(self) -> Path:
        """Folder of the journals."""
        return self.state_dir / "history"


class UnknownHostError(ClusterError):
    """A name that is neither a host nor a group; the message lists what there is."""


def select(inventory: Inventory, patterns: tuple[str, ...]) -> list[str]:
    """Expand names of hosts and groups to hosts, in the inventory's order; all where none is given.

    Raises ``UnknownHostError``.
    """
    hosts, known = all_hosts(inventory), groups(inventory)
    if not patterns:
        return list(hosts)
    chosen: set[str] = set()
    for pattern in (part for text in patterns for part in text.split(",") if part):
        if pattern == "all":
            chosen |= hosts.keys()
        elif pattern in known:
            chosen |= known[pattern].hosts.keys()
        elif pattern in hosts:
            chosen.add(pattern)
        else:
            raise UnknownHostError(
                f"no host or group {pattern!r}; hosts: {', '.join(hosts)}; "
                f"groups: all, {', '.join(known)}"
            )
    return [name for name in hosts if name in chosen]


@contextmanager
def open_fleet(
    site: Site,
    *,
    forks: int | None = None,
    accept_new_host_keys: bool = False,
    progress: Progress = silent,
    shared: bool = False,
) -> Iterator[Fleet]:
    """Open connections to the site's hosts, closed at the end of the block. Several threads may use
    ``shared`` ones."""

    def wrap(_: str, transport: Transport) -> Transport:
        return LockedTransport(transport) if shared else transport

    fleet = new_fleet(
        site,
        forks=forks,
        accept_new_host_keys=accept_new_host_keys,
        progress=progress,
        wrap=wrap,
    )
    try:
        yield fleet
    finally:
        fleet.close()


def new_fleet(
    site: Site,
    *,
    forks: int | None = None,
    accept_new_host_keys: bool = False,
    progress: Progress = silent,
    host_of: Callable[[str], str] = str,
    wrap: Callable[[str, Transport], Transport] = lambda _, transport: transport,
) -> Fleet:
    """As ``open_fleet``, for the caller to close. ``host_of`` maps names to hosts, so that a host
    can have several connections; ``wrap`` wraps each of them."""

    def connect_to(name: str) -> Transport:
        host = host_of(name)
        transport = connect(
            host,
            connection_of(site.inventory, host),
            accept_new_host_keys=accept_new_host_keys,
            base_dir=site.base_dir,
        )
        return wrap(name, transport)

    return Fleet(connect_to, forks=forks or site.inventory.forks, progress=progress)


def operator(run_id: str) -> str:
    """Name a run and its operator, for locks and the journal."""
    return f"{operator_name()} run {run_id}"
