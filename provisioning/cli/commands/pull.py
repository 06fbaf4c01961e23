"""``cluster pull``."""

from pathlib import Path, PurePosixPath

import click

from ...operations.carrying.pull import Pull
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.executing.batches import in_batches
from .. import exit_codes
from ..local_paths import NewPath
from ..options import host_key_option, inventory_option, limit_option, load_or_exit
from ..rhythm import rhythm_of, rhythm_options
from ..seconds import Seconds
from ..selection import chosen_within
from ..views.carrying import bytes_shown, pulled_record, show_pulled
from ..views.folding import every_host_option
from ..views.json_output import print_json


@click.command()
@inventory_option
@limit_option
@host_key_option
@click.option("--root", is_flag=True, help="Read as root through sudo.")
@click.option("--timeout", type=Seconds(), help="Seconds a host may take.")
@rhythm_options
@every_host_option
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.argument("target", metavar="HOSTS[,...]")
@click.argument("path")
@click.argument("folder", metavar="DIR", type=NewPath(folder=True, makes_folders=True))
def pull(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    root: bool,
    timeout: float | None,
    forks: int | None,
    batch: str | None,
    max_fail: int | None,
    as_json: bool,
    target: str,
    path: str,
    folder: Path,
) -> None:
    """Fetch a file of hosts, or a folder with all that is in it, into DIR/HOST/PATH.

    What comes is for you alone (0600) and replaces what is there file by file, never half. Links,
    devices and sockets are left out, and nothing that a host sends can be written outside of its
    own folder.

    Exit status: 0 all came, 1 something did not, or a host was not reached or not begun, 2 wrong
    inventory or command line.
    """
    wanted = PurePosixPath(path)
    if not wanted.is_absolute() or ".." in wanted.parts or len(wanted.parts) < 2:
        raise click.UsageError(f"{path} is no path on a host: write it from / on, without ..")
    # Two slashes at its beginning are kept by PurePosixPath.
    wanted = PurePosixPath("/", *wanted.parts[1:])
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen_within(cluster.inventory, target, limit)
    width = forks or cluster.forks
    rhythm = rhythm_of(names, forks=width, batch=batch, max_fail=max_fail)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        open_fleet(cluster, forks=width, accept_new_host_keys=accept_new_host_keys) as fleet,
        bytes_shown("fetching", None, quiet=as_json) as came,
    ):
        task = Pull(path=wanted, folder=folder, root=root, timeout=timeout, came=came)
        found = in_batches(fleet, names, task.on_host, rhythm, lambda one: bool(one.problem))
    if as_json:
        print_json(pulled_record(found))
    else:
        show_pulled(found)
    bad = found.errors or found.skipped or any(one.problem for one in found.done.values())
    raise SystemExit(exit_codes.FAILED if bad else exit_codes.OK)
