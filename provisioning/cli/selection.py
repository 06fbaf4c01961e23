"""``--limit`` on the command line."""

import click

from provisioning.model.inventory import Inventory
from provisioning.operations.session import UnknownHostError, select


def chosen(inventory: Inventory, patterns: tuple[str, ...]) -> list[str]:
    """Host names for the patterns; a wrong one is a usage error."""
    try:
        return select(inventory, patterns)
    except UnknownHostError as error:
        raise click.UsageError(str(error)) from None
