"""Options that many commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from provisioning.cli import exit_codes
from provisioning.cli.problem_view import counted
from provisioning.cli.wrong_inventory import WrongInventoryError
from provisioning.model.inventory import Inventory
from provisioning.model.loading import read_inventory
from provisioning.model.problem import InventoryError

F = TypeVar("F", bound=Callable[..., Any])


def inventory_option(command: F) -> F:
    """``-i``: the inventory's path, as ``inventory``."""
    return click.option(
        "-i",
        "--inventory",
        type=click.Path(path_type=Path),
        default="inventory.yaml",
        envvar="CLUSTER_INVENTORY",
        show_default=True,
        show_envvar=True,
        help="The inventory.",
    )(command)


def limit_option(command: F) -> F:
    """``--limit``: names of hosts and groups, as ``limit``."""
    return click.option(
        "-l",
        "--limit",
        multiple=True,
        metavar="HOST|GROUP[,...]",
        help="Only these hosts; may be given several times.",
    )(command)


def host_key_option(command: F) -> F:
    """``--accept-new-host-keys``, as ``accept_new_host_keys``."""
    return click.option(
        "--accept-new-host-keys",
        is_flag=True,
        help="Learn the SSH host keys of hosts not seen before. A changed key is refused.",
    )(command)


def load_or_exit(path: Path, status: int = exit_codes.INVALID) -> Inventory:
    """The inventory. Raises ``WrongInventoryError``, which ends the command with ``status``."""
    try:
        reading = read_inventory(path)
    except InventoryError as error:
        raise WrongInventoryError(path, error.problems, status) from None
    if reading.warnings:
        note = f"{path}: {counted(reading.warnings)}; `cluster validate` shows them"
        click.secho(note, fg="yellow", err=True)
    return reading.inventory
