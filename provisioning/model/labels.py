"""Labels of hosts, such as ``rack: r1``: what they are chosen by."""

from .derived.resolve import all_hosts, groups
from .inventory import Inventory


def labels_of(inventory: Inventory, name: str) -> dict[str, str]:
    """The host's labels over those of its groups."""
    of_groups: dict[str, str] = {}
    of_host: dict[str, str] = {}
    for group in groups(inventory).values():
        if name in group.hosts:
            of_groups = {**group.labels, **of_groups}
            of_host = {**group.hosts[name].labels, **of_host}
    return {**of_groups, **of_host}


def label_values(inventory: Inventory) -> dict[str, dict[str, str]]:
    """For each label the value of every host that has it."""
    found: dict[str, dict[str, str]] = {}
    for name in all_hosts(inventory):
        for label, value in labels_of(inventory, name).items():
            found.setdefault(label, {})[name] = value
    return found
