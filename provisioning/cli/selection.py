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


def chosen_within(inventory: Inventory, target: str, limit: tuple[str, ...]) -> list[str]:
    """Host names for a target, those within the limit; none is a usage error."""
    names = chosen(inventory, (target,))
    if not limit:
        return names
    within = chosen(inventory, limit)
    if both := [name for name in names if name in within]:
        return both
    raise click.UsageError(f"no host is both in {target} and in {','.join(limit)}")


def chosen_real_servers(inventory: Inventory, patterns: tuple[str, ...]) -> list[str]:
    """As ``chosen``, and only hosts that run the app; none of them is a usage error."""
    names = [name for name in chosen(inventory, patterns) if name in inventory.real_servers.hosts]
    if not names:
        known = ", ".join(inventory.real_servers.hosts)
        raise click.UsageError(f"only real servers have releases; they are: {known}")
    return names
