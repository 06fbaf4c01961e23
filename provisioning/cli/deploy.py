"""``cluster deploy``."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from provisioning.cli import exit_codes
from provisioning.cli.asking import confirm, require_answer
from provisioning.cli.changes_command import ChangesCommand
from provisioning.cli.options import host_key_option, inventory_option, limit_option, load_or_exit
from provisioning.cli.plan import look, status_of
from provisioning.cli.plan_view import show_plans
from provisioning.cli.progress_view import progress_on
from provisioning.cli.result_view import show_lacking, show_result
from provisioning.cli.selection import chosen
from provisioning.cli.verify import show_checks
from provisioning.cli.working import open_working_fleet
from provisioning.engine.around import Around
from provisioning.engine.fleet import Fleet
from provisioning.engine.plan_record import plan_record
from provisioning.engine.progress import Progress
from provisioning.model.inventory import Inventory
from provisioning.operations.departure import (
    add_departures,
    conclude,
    departure_waves,
    hand_over,
    leaving_hosts,
    leaving_servers,
    site_with,
)
from provisioning.operations.deploy import DeployResult, Pace, apply_plans
from provisioning.operations.in_service import await_everybody
from provisioning.operations.members import Members, remember
from provisioning.operations.out_of_service import OutOfService, foresee
from provisioning.operations.planning import Plans, plan_hosts
from provisioning.operations.release import build_release
from provisioning.operations.release.supply import supply
from provisioning.operations.run import Run, recorded
from provisioning.operations.session import Site
from provisioning.operations.truth import Truth, establish, held, planned
from provisioning.operations.verify import CheckResult, verify
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.release_archive import ReleaseArchive


@click.command(cls=ChangesCommand)
@inventory_option
@limit_option
@host_key_option
@click.option("--check", is_flag=True, help="Only show the plan (as `cluster plan`).")
@click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal.")
@click.option("--forks", type=click.IntRange(min=1), help="Hosts at a time.  [default: inventory]")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Hosts of a wave at a time where a running service is disturbed.",
)
@click.option(
    "--max-fail",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Hosts of a wave that may fail before the rest of it is left alone.",
)
@click.option(
    "--drain-timeout",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    help="Seconds to wait for the work of real servers that are disturbed or leave.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Also the last healthy one, below the quorum, and with jobs left at the deadline.",
)
@click.option("--verify/--no-verify", "verifies", default=True, help="Prove the result at the end.")
def deploy(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    check: bool,
    yes: bool,
    forks: int | None,
    batch: int,
    max_fail: int,
    verifies: bool,
    drain_timeout: float,
    force: bool,
) -> None:
    """Make the hosts what the inventory says, and prove that the cluster works.

    Looks at every host, shows what would change, asks, then applies in waves:
    storage, real servers, backup directors, master director. A real server that serves and would
    be disturbed is drained first, its work waited for, and it is back in the directors' kernels
    before the next batch goes. A host that fails takes its own changes back. Cut at any moment, it
    can be run again. A host that is in the inventory no more is drained, taken off the directors
    and cleaned.

    Exit status: 0 done and proved, 1 something failed, 2 wrong inventory or command line (with
    --check: 2 changes pending, 1 for what is wrong), 130 interrupted.
    """
    if check:
        site = Site(load_or_exit(inventory, status=exit_codes.FAILED), inventory)
        plans = look(site, limit, accept_new_host_keys, Console(stderr=True), quiet=False)
        show_plans(Console(), plans)
        raise SystemExit(status_of(plans))
    require_answer(yes=yes)
    site = Site(load_or_exit(inventory), inventory)
    console = Console()
    names = chosen(site.inventory, limit)
    release = build_release(site.inventory.app, site.base_dir)
    pace = Pace(forks or site.inventory.forks, batch, max_fail)
    with recorded(site, ["cluster", *sys.argv[1:]]) as run:
        if run.left_behind:
            console.print(
                Text(f"{run.left_behind} did not finish; going on from it.", "yellow"),
                soft_wrap=True,
            )
        run.ok = _deploy(
            site,
            release,
            names,
            run,
            pace,
            console,
            accept_new_host_keys,
            yes,
            verifies and not limit,
            {} if limit else leaving_hosts(site),
            drain_timeout,
            force,
        )
    raise SystemExit(exit_codes.OK if run.ok else exit_codes.FAILED)


def _deploy(
    site: Site,
    release: ReleaseArchive,
    names: list[str],
    run: Run,
    pace: Pace,
    console: Console,
    accept_new_host_keys: bool,
    yes: bool,
    verifies: bool,
    leaving: Members,
    drain_timeout: float,
    force: bool,
) -> bool:
    everywhere = site_with(site, leaving)
    with open_working_fleet(
        everywhere, run, forks=pace.forks, accept_new_host_keys=accept_new_host_keys
    ) as fleet:

        def desired_by(inventory: Inventory, truth: Truth) -> dict[str, DesiredHost]:
            wanted = desired_hosts(inventory, release, truth.runtime, truth.secret_value)
            return {name: wanted[name] for name in names}

        plans, truth = planned(
            held(site, fleet),
            lambda truth: plan_hosts(site.inventory, desired_by(site.inventory, truth), fleet),
        )
        desired = desired_by(site.inventory, truth)
        add_departures(plans, leaving, fleet)
        plans.drains, plans.pins, plans.told = truth.runtime.drains, truth.runtime.pins, truth.told
        foresee(everywhere, plans, fleet)
        for plan in plans.hosts.values():
            run.journal.write("plan", plan=plan_record(plan))
        show_plans(console, plans)
        if plans.changes:
            confirm("Apply?", yes=yes)
        establish(site, truth)
        with progress_on(console) as progress:

            def apply(
                inventory: Inventory, plans: Plans, wanted: dict[str, DesiredHost], going: Members
            ) -> DeployResult:
                around = OutOfService(
                    site=everywhere,
                    inventory=inventory,
                    fleet=fleet,
                    run=run,
                    plans=plans,
                    desired=lambda runtime: desired_hosts(
                        inventory, release, runtime, truth.secret_value
                    ),
                    command="deploy",
                    timeout=drain_timeout,
                    force=force,
                    progress=progress,
                )
                return _apply(inventory, plans, wanted, going, fleet, pace, run, progress, around)

            if leaving_servers(leaving):
                # With them still in it: those that come with the same edit take over first.
                staying = desired_by(everywhere.inventory, truth)
                first = plan_hosts(everywhere.inventory, staying, fleet)
                supply(site, release, first, fleet, progress)
                result = apply(everywhere.inventory, first, staying, {})
                if not result.ok:
                    show_result(console, result, run)
                    return False
                hand_over(site, fleet, run, leaving, timeout=drain_timeout, progress=progress)
                plans = plan_hosts(site.inventory, desired, fleet)
                add_departures(plans, leaving, fleet)
            supply(site, release, plans, fleet, progress)
            result = apply(site.inventory, plans, desired, leaving)
            lacking = await_everybody(site, fleet, desired, progress=progress) if result.ok else []
        remember(site.state_dir, site.inventory, [n for n in result.hosts if n in desired])
        conclude(site, leaving, result)
        show_result(console, result, run)
        if not (verifies and result.ok):
            show_lacking(console, lacking)
            return result.ok
        checks = verify(site.inventory, fleet, site.record)
        _record_checks(run, checks)
        show_checks(console, checks)
        return result.ok and all(check.ok is not False for check in checks)


def _apply(
    inventory: Inventory,
    plans: Plans,
    desired: dict[str, DesiredHost],
    leaving: Members,
    fleet: Fleet,
    pace: Pace,
    run: Run,
    progress: Progress,
    around: Around,
) -> DeployResult:
    conditions = {name: host.postconditions for name, host in desired.items()}
    return apply_plans(
        plans,
        departure_waves(inventory, plans, leaving),
        conditions | dict.fromkeys(leaving, ()),
        fleet,
        pace=pace,
        run_id=run.id,
        holder=run.holder,
        journal=run.journal,
        progress=progress,
        around=around,
    )


def _record_checks(run: Run, checks: list[CheckResult]) -> None:
    for check in checks:
        run.journal.write("check", name=check.name, ok=check.ok, evidence=check.evidence)
