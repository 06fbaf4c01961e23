"""Connections that many threads of one upgrade share."""

from collections.abc import Iterator
from contextlib import contextmanager

from provisioning.engine.fleet import Fleet
from provisioning.model.resolve import connection_of
from provisioning.operations.rolling_upgrade.living.one_at_a_time import OneAtATime
from provisioning.operations.session import Site
from provisioning.transport.base import Transport
from provisioning.transport.ssh import connect


@contextmanager
def open_shared_fleet(site: Site, *, accept_new_host_keys: bool = False) -> Iterator[Fleet]:
    """As ``open_fleet``, with connections that several threads may use."""

    def connect_to(name: str) -> Transport:
        connection = connection_of(site.inventory, name)
        return OneAtATime(
            connect(
                name,
                connection,
                accept_new_host_keys=accept_new_host_keys,
                base_dir=site.base_dir,
            )
        )

    fleet = Fleet(connect_to, forks=site.inventory.forks)
    try:
        yield fleet
    finally:
        fleet.close()
