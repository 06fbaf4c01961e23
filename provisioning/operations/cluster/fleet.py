"""Connections to the hosts of a cluster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...engine.fleet import Fleet
from ...engine.progress import Progress, silent
from ...model.resolve import connection_of
from ...transport.base import Transport
from ...transport.locked import LockedTransport
from ...transport.ssh import connect
from .cluster import Cluster


@contextmanager
def open_fleet(
    cluster: Cluster,
    *,
    forks: int | None = None,
    accept_new_host_keys: bool = False,
    progress: Progress = silent,
    shared: bool = False,
) -> Iterator[Fleet]:
    """Open connections to the cluster's hosts, closed at the end of the block. Several threads may
    use ``shared`` ones."""

    def wrap(_: str, transport: Transport) -> Transport:
        return LockedTransport(transport) if shared else transport

    fleet = new_fleet(
        cluster,
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
    cluster: Cluster,
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
            connection_of(cluster.inventory, host),
            accept_new_host_keys=accept_new_host_keys,
            base_dir=cluster.base_dir,
        )
        return wrap(name, transport)

    return Fleet(connect_to, forks=forks or cluster.inventory.forks, progress=progress)
