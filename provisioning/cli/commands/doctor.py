"""``cluster doctor``."""

from pathlib import Path

import click
from rich.console import Console

from ...model.derived.resolve import managed_hosts
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.doctor.examination import Examination, examine
from ...operations.doctor.mending import Mended, mend, mendable
from .. import exit_codes
from ..asking import confirm, require_answer
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import (
    host_key_option,
    inventory_option,
    json_option,
    limit_option,
    load_or_exit,
    yes_option,
)
from ..selection import chosen
from ..views.findings import (
    examination_record,
    mended_record,
    show_examination,
    show_mended,
    show_mends,
)
from ..views.json_output import print_json


@click.command()
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@click.option("--fix", is_flag=True, help="Run the safe fixes, after showing them and asking.")
@yes_option
@json_option
def doctor(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    fix: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Find what is wrong on hosts and their network, before a deploy and after it.

    Each finding has its rule, what was seen, what comes of it, and a fix; docs/doctor.md explains
    all rules. Every host is asked once, and nothing is changed. With --fix what can be mended
    safely is: kernel settings that a deploy has set, and the clock's keeping; then all are asked
    again.

    Exit status: 0 no errors (there may be warnings), 1 errors, 2 wrong inventory or command line.
    """
    if fix:
        require_answer(yes=yes)
    cluster = Cluster(load_or_exit(inventory), inventory)
    managed = managed_hosts(cluster.inventory)
    names = [name for name in chosen(cluster.inventory, limit) if name in managed]
    if not names:
        raise click.UsageError("a host that is a client alone has nothing of the cluster on it")
    console = Console(stderr=as_json)
    with (
        open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet,
        Console(stderr=True, quiet=as_json).status("Looking at the hosts"),
    ):
        found = examine(cluster.inventory, fleet, names)
    if not as_json:
        show_examination(console, found)
    mended: list[Mended] = []
    if fix and mendable(found):
        show_mends(console, mendable(found))
        confirm("Run these as root?", yes=yes, err=as_json)
        mended, found = _mend(cluster, found, names, accept_new_host_keys, as_json=as_json)
        if not as_json:
            show_mended(console, mended)
            show_examination(console, found)
    elif fix and not as_json:
        console.print("Nothing of this can be mended without you.", style="dim")
    if as_json:
        record = examination_record(found)
        print_json({**record, "mended": mended_record(mended)} if fix else record)
    raise SystemExit(exit_codes.OK if found.well else exit_codes.FAILED)


def _mend(
    cluster: Cluster,
    found: Examination,
    names: list[str],
    accept_new_host_keys: bool,
    *,
    as_json: bool,
) -> tuple[list[Mended], Examination]:
    """Run the safe fixes, and look again."""
    with changing(
        cluster,
        accept_new_host_keys=accept_new_host_keys,
        yes=True,
        as_json=as_json,
        own_result=True,
    ) as op:
        mended = mend(op, mendable(found))
        op.run.ok = all(one.ok for one in mended)
        return mended, examine(cluster.inventory, op.fleet, names)
