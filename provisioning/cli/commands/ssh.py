"""``cluster ssh``."""

import os
from pathlib import Path

import click

from ...model.derived.resolve import connection_of
from ...operations.cluster.cluster import Cluster
from ...transport.openssh import ssh_command
from ..options import inventory_option, load_or_exit
from ..selection import chosen


@click.command(context_settings={"ignore_unknown_options": True})
@inventory_option
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(inventory: Path, host: str, command: tuple[str, ...]) -> None:
    """Log in to a host with the inventory's connection settings (or run one COMMAND there).

    This becomes the OpenSSH client, so its exit status is ssh's.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen(cluster.inventory, (host,))
    if len(names) != 1:
        raise click.UsageError(f"{host} is {len(names)} hosts; name one of {', '.join(names)}")
    argv = ssh_command(connection_of(cluster.inventory, names[0]), cluster.base_dir)
    try:
        os.execvp(argv[0], [*argv, *command])  # nosec B606
    except FileNotFoundError:
        raise click.ClickException(
            "no `ssh` here; install it: apt-get install openssh-client"
        ) from None
