"""``--limit`` on the command line."""

import click

from ..model.inventory import Inventory
from ..operations.cluster.selection import UnknownHostError, select


def chosen(inventory: Inventory, patterns: tuple[str, ...]) -> list[str]:
    """Host names for the patterns; a wrong one is a usage error."""
    try:
        return select(inventory, patterns)
    except UnknownHostError as error:
        raise click.UsageError(str(error)) from None


def chosen_real_servers(inventory: Inventory, patterns: tuple[str, ...]) -> list[str]:
    """As ``chosen``, and only hosts that run the app; none of them is a usage error."""
    names = [name for name in chosen(inventory, patterns) if name in inventory.real_servers.hosts]
    if not names:
        known = ", ".join(inventory.real_servers.hosts)
        raise click.UsageError(f"only real servers have releases; they are: {known}")
    return names
