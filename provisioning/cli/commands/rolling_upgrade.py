"""``cluster rolling-upgrade``."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.notifying.hook import Hook, hooks_of
from ...operations.rolling.result import Outcome
from ...operations.rolling_upgrade import commands
from ...operations.rolling_upgrade.commands import Abort, Begin, Resume, UpgradeCommand
from ...operations.rolling_upgrade.options import UpgradeOptions
from ...operations.rolling_upgrade.target import as_typed, require_there
from ...operations.rolling_upgrade.upgrade import Ready
from ..asking import require_answer
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import (
    bundle_option,
    host_key_option,
    inventory_option,
    limit_option,
    load_or_exit,
    yes_option,
)
from ..run_values import require_one_pace
from ..saved_run import EXIT_STATUSES, typed_options, usage_errors
from ..selection import chosen
from ..skip_hooks import skip_hooks_option
from ..upgrade_dialogue import ConsoleUpgradeDialogue
from ..upgrade_options import how_options
from ..views.json_output import print_json
from ..views.upgrade import plan_record, show_plan


@click.command("rolling-upgrade")
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@how_options
@bundle_option
@click.option("--to", metavar="REF", help="Tag, branch or commit of app.source, or another source.")
@click.option("--check", is_flag=True, help="Only show what would be done.")
@click.option("--pause", is_flag=True, help="Stop the run under way after its present nodes.")
@click.option("--resume", is_flag=True, help="Continue a run that was paused, cut or stopped.")
@click.option(
    "--abort", is_flag=True, help="Roll back nodes that a cut run left under way, and end it."
)
@yes_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and event.")
@click.option(
    "--verify/--no-verify", "verifies", default=True, help="Prove the cluster at the end."
)
@click.pass_context
def rolling_upgrade(
    context: click.Context,
    /,
    inventory: Path,
    limit: tuple[str, ...],
    to: str | None,
    bundle: Path | None,
    check: bool,
    pause: bool,
    resume: bool,
    abort: bool,
    as_json: bool,
    yes: bool,
    verifies: bool,
    accept_new_host_keys: bool,
    notify_command: Hook | None,
    webhook: Hook | None,
    **how: Any,
) -> None:
    """Roll out a new release node by node, without interrupting clients.

    The release is staged beside the old one everywhere. Then, node by node: no new clients, wait
    for jobs and streams, stop, switch, start, wait until every worker has spoken, speak at the
    node's own address and at the VIP, restore its weight, watch errors and speed. A node that
    fails is rolled back to the old release and its weight, and the run stops. Directors whose
    configuration differs come first, by reload where that is enough.

    The state is saved after every phase: --resume continues a run that was cut at any moment.

    Exit status: 0 done, 1 a node failed or the cluster does not allow it now, 2 wrong inventory or
    command line, 3 paused, 130 interrupted.
    """
    if sum((check, pause, resume, abort)) > 1:
        raise click.UsageError("--check, --pause, --resume and --abort exclude each other")
    require_answer(yes=yes or resume or abort or check or pause)
    if (to or limit) and (resume or abort):
        raise click.UsageError("--resume and --abort keep the hosts and release of that run")
    if bundle and (to or abort):
        raise click.UsageError("--bundle excludes --to and --abort")
    cluster = Cluster(load_or_exit(inventory), inventory)
    console = Console(stderr=as_json)
    if pause:
        commands.pause(cluster)
        if as_json:
            print_json({"event": "pause_asked"}, indent=None)
            return
        console.print(
            "The upgrade stops after its present nodes; --resume continues.", markup=False
        )
        return
    target = as_typed(to, Path.cwd()) if to else None
    given = typed_options(context, how)
    require_one_pace(given)
    with usage_errors():
        require_there(target, cluster.base_dir)
        hooks = hooks_of(cluster.inventory.notify, cluster.base_dir, notify_command, webhook)
        proof: dict[str, Any] = {"verifies": verifies and not limit, "hooks": hooks}
        command: UpgradeCommand
        if resume:
            command = Resume(given=given, bundle=bundle, **proof)
        elif abort:
            command = Abort(given=given, **proof)
        else:
            hosts, options = chosen(cluster.inventory, limit), UpgradeOptions(**how)
            command = Begin(hosts=hosts, to=target, bundle=bundle, how=options, **proof)
        if isinstance(command, Begin) and check:
            with open_fleet(
                cluster, accept_new_host_keys=accept_new_host_keys, shared=True
            ) as fleet:
                ready = command.check(cluster, fleet)
            _show_plan(console, ready, cluster.forks, as_json=as_json)
            return
        outcome = _execute(
            command, cluster, console, yes=yes, as_json=as_json, new_keys=accept_new_host_keys
        )
    raise SystemExit(EXIT_STATUSES[outcome])


def _execute(
    command: UpgradeCommand,
    cluster: Cluster,
    console: Console,
    *,
    yes: bool,
    as_json: bool,
    new_keys: bool,
) -> Outcome:
    with changing(
        cluster,
        accept_new_host_keys=new_keys,
        shared=True,
        yes=yes,
        as_json=as_json,
        own_result=True,
    ) as op:
        dialogue = ConsoleUpgradeDialogue(console, yes=yes, as_json=as_json, forks=cluster.forks)
        outcome = command.execute(op, dialogue)
        op.run.ok = outcome is not Outcome.FAILED
    return outcome


def _show_plan(console: Console, ready: Ready, forks: int, *, as_json: bool) -> None:
    if as_json:
        print_json(plan_record(ready.upgrade, ready.notes, forks=forks))
    else:
        show_plan(console, ready.upgrade, ready.notes, forks=forks)
