"""``cluster destroy``."""

from pathlib import Path

import click

from ...operations.cluster.cluster import Cluster
from ...operations.destroy import destroy as take_off
from .. import exit_codes
from ..asking import require_answer
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


@click.command()
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@yes_option
@json_option
def destroy(
    inventory: Path, limit: tuple[str, ...], accept_new_host_keys: bool, yes: bool, as_json: bool
) -> None:
    """Put hosts back as they were before the first deploy.

    Stops and removes what deploy brought, newest first, and restores the files it replaced.
    Debian packages and generated audio stay. Shows the plan and asks first.

    Exit status: 0 done, 1 a host failed, 2 wrong command line or inventory.
    """
    require_answer(yes=yes)
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen(cluster.inventory, limit)
    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, yes=yes, as_json=as_json
    ) as op:
        op.run.ok = take_off(op, names)
    raise SystemExit(exit_codes.OK if op.run.ok else exit_codes.FAILED)
