"""``cluster plan``."""

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from ...engine.plan_record import plan_record
from ...model.derived.way_in import way_in
from ...operations.bundle.source import Source, source_of
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.deploy.decommission import add_removals, cluster_with
from ...operations.drain.foreseen import foresee, hooked_steps
from ...operations.hooks.hooks import foreseen
from ...operations.planning import Plans, plan_hosts
from ...operations.run.truth import Truth, looked_up, planned
from ...operations.state_folder.deployed_hosts import DeployedHosts, departed
from .. import exit_codes
from ..changes_command import ChangesCommand
from ..options import (
    bundle_option,
    host_key_option,
    inventory_option,
    limit_option,
    load_or_exit,
)
from ..selection import chosen
from ..views.folding import every_host_option
from ..views.json_output import print_json
from ..views.plan import show_plans
from ..views.progress import progress_on


@click.command(cls=ChangesCommand)
@inventory_option
@limit_option
@host_key_option
@bundle_option
@every_host_option
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    bundle: Path | None,
    as_json: bool,
) -> None:
    """Show what deploy would change, and change nothing.

    Exit status: 0 no changes, 1 a host could not be looked at or is not ready (or the inventory
    is wrong), 2 changes pending.
    """
    cluster = Cluster(load_or_exit(inventory, status=exit_codes.FAILED), inventory)
    console = Console()
    source = source_of(cluster, bundle)
    plans = look(cluster, limit, accept_new_host_keys, source, quiet=as_json)
    if as_json:
        print_json(plans_record(plans))
    else:
        show_plans(console, plans)
    raise SystemExit(status_of(plans))


def look(
    cluster: Cluster,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    source: Source,
    *,
    quiet: bool,
) -> Plans:
    """Plans the chosen hosts."""
    names = chosen(cluster.inventory, limit)
    console = Console(stderr=True)
    leaving: DeployedHosts = {}
    with (
        progress_on(console, quiet=quiet or not console.is_terminal) as progress,
        open_fleet(
            cluster,
            accept_new_host_keys=accept_new_host_keys,
            progress=progress,
            everywhere=lambda: cluster_with(cluster, leaving).inventory,
        ) as fleet,
    ):

        def plan_by(truth: Truth) -> Plans:
            wanted = source.desired(cluster.inventory, truth)
            return plan_hosts(cluster.inventory, {name: wanted[name] for name in names}, fleet)

        fleet.connect(dict.fromkeys([*way_in(cluster.inventory), *names]))
        seen = looked_up(cluster, fleet)
        if not limit:
            leaving |= departed(seen.members, cluster.inventory)
        plans, truth = planned(seen, plan_by)
        add_removals(plans, leaving, fleet)
        foresee(cluster_with(cluster, leaving), plans, fleet)
    plans.hooks = foreseen(cluster.inventory.hooks, hooked_steps(plans))
    plans.drains, plans.pins, plans.told = truth.runtime.drains, truth.runtime.pins, truth.told
    return plans


def plans_record(plans: Plans) -> dict[str, object]:
    """``{"changes": bool, "hosts": [...], "unreachable": {host: reason}, "leaving": [host],
    "drained_first": [host], "interrupted": {host: reason}, "hooks": [programs around its steps],
    "told": [what this folder did not know], "drained": {host: {"who", "since", "reason",
    "settled", "stopped", "cause"}}, "pinned": {host: {"release", "who", "since", "left": [id]}}}``;
    a host's plan is described in ``provisioning.engine.plan_record``."""
    return {
        "changes": plans.changes,
        "hosts": [plan_record(plan) for plan in plans.hosts.values()],
        "unreachable": plans.unreachable,
        "leaving": plans.leaving,
        "drained_first": plans.drained_first,
        "interrupted": plans.interrupted,
        "hooks": list(plans.hooks),
        "told": list(plans.told),
        "drained": {name: asdict(drain) for name, drain in plans.drains.items()},
        "pinned": {name: asdict(pin) for name, pin in plans.pins.items()},
    }


def status_of(plans: Plans) -> int:
    """Exit status of a look."""
    if plans.unreachable or plans.blocked:
        return exit_codes.FAILED
    return exit_codes.CHANGES if plans.changes else exit_codes.OK
