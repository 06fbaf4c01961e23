"""``cluster support-bundle``."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.host_words import of_host
from ...operations.support_bundle.bundle import write_bundle
from ..local_paths import NEW_FILE
from ..options import host_key_option, inventory_option, json_option, load_or_exit
from ..views.json_output import print_json


@click.command("support-bundle")
@inventory_option
@host_key_option
@click.option(
    "--out",
    type=NEW_FILE,
    help="The archive.  [default: NAME-support-TIME.tar.gz here]",
)
@json_option
def support_bundle(
    inventory: Path, accept_new_host_keys: bool, out: Path | None, as_json: bool
) -> None:
    """Put all that is needed to find a fault into one archive: configurations as rendered and as
    found, states, IPVS tables, the ends of logs, versions, the journal.

    Secrets of the inventory are removed, and what looks like one. Look through it all the same
    before you hand it on: logs may hold what people typed.

    Exit status: 0 written (hosts that did not answer are named), 1 it could not be written, 2
    wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    now = datetime.now(UTC)
    path = out or Path(f"{cluster.inventory.name}-support-{now:%Y%m%dT%H%M%SZ}.tar.gz")
    with (
        Console(stderr=True).status("Looking at all hosts"),
        open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet,
    ):
        try:
            errors = write_bundle(cluster, fleet, path)
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
    for name, reason in errors.items():
        click.secho(of_host(name, reason), fg="yellow", err=True)
    size = path.stat().st_size
    if as_json:
        print_json({"path": str(path), "bytes": size, "unreachable": errors})
    else:
        click.echo(f"{path} ({size // 1024} KiB)")
