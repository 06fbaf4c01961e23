"""Real servers that a service cannot do without."""

from itertools import accumulate

from .inventory import Inventory


def others_needed(inventory: Inventory, name: str) -> int:
    """Number of other nodes that have to be ready for every service to have its quorum, whichever
    they are, when ``name`` is not; at least 1. More than there are where it cannot be had."""
    hosts = inventory.real_servers.hosts
    found = [1]
    for service in inventory.services:
        serve = hosts if service.real_servers is None else service.real_servers
        weights = sorted(
            host.weight if other in serve else 0 for other, host in hosts.items() if other != name
        )
        reached = (sum_ >= service.quorum for sum_ in accumulate(weights))
        found.append(next((count for count, enough in enumerate(reached, 1) if enough), len(hosts)))
    return max(found)
