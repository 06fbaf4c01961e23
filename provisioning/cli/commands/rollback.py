"""``cluster rollback``."""

from pathlib import Path

import click

from ...engine.apply_plans import Pace
from ...operations.cluster.cluster import Cluster
from ...operations.rollback import RollbackOptions, lift_pins, roll_back
from .. import exit_codes
from ..asking import require_answer
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import (
    LAST_HEALTHY,
    batch_option,
    drain_timeout_option,
    force_option,
    host_key_option,
    inventory_option,
    json_option,
    limit_option,
    load_or_exit,
    max_fail_option,
    yes_option,
)
from ..selection import chosen_real_servers
from ..skip_hooks import skip_hooks_option


@click.command()
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@click.option("--to", metavar="ID", help="The release to go back to.  [default: the one before]")
@click.option("--lift", is_flag=True, help="Change no host: let the next deploy go forward again.")
@yes_option
@batch_option("Hosts at a time.")
@max_fail_option("Hosts that may fail before the rest is left alone.")
@drain_timeout_option("Seconds to wait for a node's jobs and streams.")
@force_option(LAST_HEALTHY)
@json_option
def rollback(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    to: str | None,
    lift: bool,
    yes: bool,
    batch: int,
    max_fail: int,
    drain_timeout: float,
    force: bool,
    as_json: bool,
) -> None:
    """Go back to a release of the app that the real servers still have (`cluster releases`).

    Nothing is built or copied. Batch by batch, a node that serves is drained, switches its link,
    restarts the app and serves again before the next one goes. Other settings of the inventory
    are left as they are. The nodes then stay with that release, whatever is deployed, until --lift
    or a rolling upgrade. An upgrade that is unfinished is undone and aborted: its nodes have what
    they had before it, and serve again.

    Exit status: 0 done, 1 a host lacks the release (then nothing was changed) or failed, 2 wrong
    inventory or command line, 130 interrupted (run it again to go on).
    """
    if lift and to:
        raise click.UsageError("--lift lets nodes go forward, --to holds them: use one of the two")
    require_answer(yes=yes or lift)
    cluster = Cluster(load_or_exit(inventory), inventory)
    options = RollbackOptions(
        names=chosen_real_servers(cluster.inventory, limit),
        to=to,
        pace=Pace(cluster.forks, batch, max_fail),
        drain_timeout=drain_timeout,
        force=force,
    )
    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, yes=yes, as_json=as_json
    ) as op:
        op.run.ok = lift_pins(op, options.names) if lift else roll_back(op, options)
    raise SystemExit(exit_codes.OK if op.run.ok else exit_codes.FAILED)
