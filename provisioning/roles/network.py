"""The demands of every role on a host's network."""

import shlex

from ..model.derived.resolve import all_hosts, interface_of
from ..model.inventory import Inventory
from ..resources.base import Requirement


def address_requirement(inventory: Inventory, name: str) -> Requirement:
    """The host's interface carries its address."""
    interface = interface_of(inventory, name)
    address = all_hosts(inventory)[name].address
    look = f"ip -o address show dev {shlex.quote(interface)}"
    return Requirement(
        f"{interface} has {address}",
        f'found=$({look} 2>&1) || {{ echo "$found"; exit 1; }}\n'
        f'case $found in *" {address}/"*) ;; *) echo "$found"; exit 1 ;; esac',
        "correct the host's address or interface in the inventory",
    )
