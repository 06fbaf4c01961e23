"""``cluster deploy``."""

from pathlib import Path

import click
from rich.console import Console

from ...engine.apply_plans import Pace
from ...operations.bundle.source import source_of
from ...operations.cluster.cluster import Cluster
from ...operations.deploy import deploy as deploying
from .. import exit_codes
from ..artifact_progress import fetch_unknown
from ..asking import require_answer
from ..changes_command import ChangesCommand
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import (
    LAST_HEALTHY,
    batch_option,
    bundle_option,
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
from ..selection import chosen
from ..skip_hooks import skip_hooks_option
from ..views.folding import every_host_option
from ..views.json_output import print_json
from ..views.plan import show_plans
from .plan import look, plans_record, status_of


@click.command(cls=ChangesCommand)
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@bundle_option
@click.option("--check", is_flag=True, help="Only show the plan (as `cluster plan`).")
@yes_option
@click.option("--forks", type=click.IntRange(min=1), help="Hosts at a time.  [default: inventory]")
@batch_option("Hosts of a wave at a time where a running service is disturbed.")
@max_fail_option("Hosts of a wave that may fail before the rest of it is left alone.")
@drain_timeout_option("Seconds to wait for the work of real servers that are disturbed or leave.")
@force_option(LAST_HEALTHY)
@click.option("--verify/--no-verify", "verifies", default=True, help="Prove the result at the end.")
@every_host_option
@json_option
def deploy(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    bundle: Path | None,
    check: bool,
    yes: bool,
    forks: int | None,
    batch: int,
    max_fail: int,
    verifies: bool,
    drain_timeout: float,
    force: bool,
    as_json: bool,
) -> None:
    """Make the hosts what the inventory says, and prove that the cluster works.

    Looks at every host, shows what would change, asks, then applies in waves:
    storage, real servers, backup directors, master director, edges. A real server that serves and
    would be disturbed is drained first, its work waited for, and it is back in the directors'
    kernels (without directors, at every edge) before the next batch goes. A host that fails takes
    its own changes back. Cut at any moment, it can be run again. A host that is in the inventory no
    more is drained, taken off the directors and edges, and cleaned.

    Exit status: 0 done and proved, 1 something failed, 2 wrong inventory or command line (with
    --check: 2 changes pending, 1 for what is wrong), 130 interrupted.
    """
    if check:
        cluster = Cluster(load_or_exit(inventory, status=exit_codes.FAILED), inventory)
        source = source_of(cluster, bundle)
        plans = look(cluster, limit, accept_new_host_keys, source, quiet=as_json)
        if as_json:
            print_json(plans_record(plans))
        else:
            show_plans(Console(), plans)
        raise SystemExit(status_of(plans))
    require_answer(yes=yes)
    cluster = Cluster(load_or_exit(inventory), inventory)
    if bundle is None:
        fetch_unknown(cluster, quiet=as_json)
    options = deploying.DeployOptions(
        names=chosen(cluster.inventory, limit),
        cleans=not limit,
        source=source_of(cluster, bundle),
        pace=Pace(forks or cluster.forks, batch, max_fail),
        drain_timeout=drain_timeout,
        force=force,
        verifies=verifies and not limit,
    )
    with changing(
        cluster,
        accept_new_host_keys=accept_new_host_keys,
        forks=options.pace.forks,
        yes=yes,
        as_json=as_json,
    ) as op:
        op.run.ok = deploying.deploy(op, options)
    raise SystemExit(exit_codes.OK if op.run.ok else exit_codes.FAILED)
