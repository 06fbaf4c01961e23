"""Hosts of a cluster by the names that an operator gives."""

from ...errors import ClusterError
from ...model.inventory import Inventory
from ...model.resolve import all_hosts, groups


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
