"""Real servers as those that contents are spread to."""

from collections.abc import Collection

from ..cluster.cluster import Cluster
from .spreading import Hosts


def real_servers(cluster: Cluster) -> Hosts:
    """The cluster's real servers; contents lie below the app's directory."""
    inventory = cluster.inventory
    return Hosts(
        directory=str(inventory.app.directory),
        python=str(inventory.app.base_python),
        addresses={name: str(one.address) for name, one in inventory.real_servers.hosts.items()},
        how=inventory.spreading,
    )


def helpers(cluster: Cluster, names: Collection[str]) -> list[str]:
    """Other real servers, those first that stand before these: an upgrade came by there."""
    every = list(cluster.inventory.real_servers.hosts)
    first = next((place for place, name in enumerate(every) if name in names), 0)
    around = [*reversed(every[:first]), *reversed(every[first:])]
    return [name for name in around if name not in names]
