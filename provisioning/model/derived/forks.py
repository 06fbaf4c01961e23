"""Hosts worked on at a time. Pure."""

from ..inventory import Inventory
from .resolve import all_hosts, connection_of

_FEW, _MANY = 10, 50
"""An sshd that meets more than 10 who have not logged in yet begins to turn some away (MaxStartups
in sshd_config(5)), which a jump host would. A process of Python has use for some dozens."""


def forks_of(inventory: Inventory) -> int:
    """The inventory's number, or one by the number of hosts."""
    if inventory.forks is not None:
        return inventory.forks
    hosts = all_hosts(inventory)
    if any(connection_of(inventory, name).jump for name in hosts):
        return _FEW
    return min(_MANY, max(_FEW, len(hosts) // 4))
