"""Connections to the hosts of a cluster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...engine.fleet import Fleet
from ...engine.progress import Progress, silent
from ...model.derived.resolve import all_hosts, connection_of
from ...model.inventory import Inventory
from ...transport.base import Transport
from ...transport.locked import LockedTransport
from ...transport.ssh import connect
from ..state_folder.deployed_hosts import departed, inventory_with, load_deployed_hosts
from .cluster import Cluster


@contextmanager
def open_fleet(
    cluster: Cluster,
    *,
    forks: int | None = None,
    accept_new_host_keys: bool = False,
    progress: Progress = silent,
    shared: bool = False,
    everywhere: Callable[[], Inventory] | None = None,
) -> Iterator[Fleet]:
    """Open connections to the cluster's hosts, closed at the end of the block. Several threads may
    use ``shared`` ones. ``everywhere`` is as in ``new_fleet``."""

    def wrap(_: str, transport: Transport) -> Transport:
        return LockedTransport(transport) if shared else transport

    fleet = new_fleet(
        cluster,
        forks=forks,
        accept_new_host_keys=accept_new_host_keys,
        progress=progress,
        wrap=wrap,
        everywhere=everywhere,
    )
    try:
        yield fleet
    finally:
        fleet.close()


def new_fleet(
    cluster: Cluster,
    *,
    forks: int | None = None,
    accept_new_host_keys: bool = False,
    progress: Progress = silent,
    host_of: Callable[[str], str] = str,
    wrap: Callable[[str, Transport], Transport] = lambda _, transport: transport,
    everywhere: Callable[[], Inventory] | None = None,
) -> Fleet:
    """As ``open_fleet``, for the caller to close. ``host_of`` maps names to hosts, so that a host
    can have several connections; ``wrap`` wraps each of them.

    ``everywhere`` gives the inventory with hosts that have left it, asked for when one of them is
    to be reached; those that this folder knows, without it."""

    def known_here() -> Inventory:
        members = load_deployed_hosts(cluster.state_dir)
        return inventory_with(cluster.inventory, departed(members, cluster.inventory))

    def connect_to(name: str) -> Transport:
        host = host_of(name)
        here = host in all_hosts(cluster.inventory)
        transport = connect(
            host,
            connection_of(cluster.inventory if here else (everywhere or known_here)(), host),
            accept_new_host_keys=accept_new_host_keys,
            base_dir=cluster.base_dir,
        )
        return wrap(name, transport)

    return Fleet(connect_to, forks=forks or cluster.forks, progress=progress)
