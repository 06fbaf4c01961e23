"""``cluster verify``."""

from pathlib import Path

import click
from rich.console import Console

from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.verify import verify as prove
from .. import exit_codes
from ..options import host_key_option, inventory_option, load_or_exit
from ..views.checks import checks_record, show_checks
from ..views.json_output import print_json


@click.command()
@inventory_option
@host_key_option
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.option(
    "--synthesis/--no-synthesis",
    default=True,
    help="Have a sentence spoken through the VIP.",
    show_default=True,
)
def verify(inventory: Path, accept_new_host_keys: bool, as_json: bool, synthesis: bool) -> None:
    """Prove that the cluster works, from a client's place and on its hosts.

    The client is the inventory's group `clients`, or this machine where it has none; it needs
    python3, and root to see who else answers for the VIP. Nothing is changed.

    Exit status: 0 nothing failed (what could not be tried is skipped, with the reason), 1 a check
    failed, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    waiting = Console(stderr=True, quiet=as_json)
    with (
        open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet,
        waiting.status("Looking at the hosts and being a client"),
    ):
        checks = prove(cluster.inventory, fleet, cluster.record, synthesis=synthesis)
    if as_json:
        print_json(checks_record(checks))
    else:
        show_checks(Console(), checks)
    failed = any(check.ok is False for check in checks)
    raise SystemExit(exit_codes.FAILED if failed else exit_codes.OK)
