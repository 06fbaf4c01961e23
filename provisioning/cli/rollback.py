"""``cluster rollback``."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from provisioning.cli import exit_codes
from provisioning.cli.asking import confirm, require_answer
from provisioning.cli.options import host_key_option, inventory_option, limit_option, load_or_exit
from provisioning.cli.plan_view import show_plans
from provisioning.cli.progress_view import progress_on
from provisioning.cli.result_view import show_lacking, show_result
from provisioning.cli.selection import chosen_real_servers
from provisioning.cli.working import open_working_fleet
from provisioning.engine.fleet import Fleet
from provisioning.engine.plan_record import plan_record
from provisioning.operations.deploy import Pace, apply_plans
from provisioning.operations.in_service import await_everybody
from provisioning.operations.out_of_service import OutOfService, foresee
from provisioning.operations.planning import plan_hosts
from provisioning.operations.release.on_hosts import look_at_releases
from provisioning.operations.rollback import (
    RollbackError,
    desired_rollback,
    give_up_upgrade,
    pinned,
    rollback_waves,
    targets,
)
from provisioning.operations.rolling_upgrade.state import CAUSE
from provisioning.operations.run import Run, recorded
from provisioning.operations.runtime_state import save_runtime, without_pins
from provisioning.operations.session import Site


@click.command()
@inventory_option
@limit_option
@host_key_option
@click.option("--to", metavar="ID", help="The release to go back to.  [default: the one before]")
@click.option("--lift", is_flag=True, help="Change no host: let the next deploy go forward again.")
@click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Hosts at a time.",
)
@click.option(
    "--max-fail",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Hosts that may fail before the rest is left alone.",
)
@click.option(
    "--drain-timeout",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    help="Seconds to wait for a node's jobs and streams.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Also the last healthy one, below the quorum, and with jobs left at the deadline.",
)
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
) -> None:
    """Go back to a release of the app that the real servers still have (`cluster releases`).

    Nothing is built or copied. Batch by batch, a node that serves is drained, switches its link,
    restarts the app and serves again before the next one goes. Other settings of the inventory
    are left as they are. The nodes then stay with that release, whatever is deployed, until --lift
    or a rolling upgrade. An upgrade that was cut is given up: its nodes serve again.

    Exit status: 0 done, 1 a host lacks the release (then nothing was changed) or failed, 2 wrong
    inventory or command line, 130 interrupted (run it again to go on).
    """
    if lift and to:
        raise click.UsageError("--lift lets nodes go forward, --to holds them: use one of the two")
    require_answer(yes=yes or lift)
    site = Site(load_or_exit(inventory), inventory)
    names = chosen_real_servers(site.inventory, limit)
    console = Console()
    with recorded(site, ["cluster", *sys.argv[1:]]) as run:
        pace = Pace(site.inventory.forks, batch, max_fail)
        with open_working_fleet(site, run, accept_new_host_keys=accept_new_host_keys) as fleet:
            if lift:
                run.ok = _lift(site, names, console)
            else:
                run.ok = _back(
                    site,
                    names,
                    to,
                    run,
                    pace,
                    fleet,
                    console,
                    yes=yes,
                    drain_timeout=drain_timeout,
                    force=force,
                )
    raise SystemExit(exit_codes.OK if run.ok else exit_codes.FAILED)


def _lift(site: Site, names: list[str], console: Console) -> bool:
    runtime = site.runtime
    held = [name for name in names if name in runtime.pins]
    save_runtime(site.state_dir, without_pins(runtime, held))
    said = (
        f"{', '.join(held)}: the next `cluster deploy` goes forward again."
        if held
        else "None of these hosts was rolled back."
    )
    console.print(Text(said, "green"), soft_wrap=True)
    return True


def _back(
    site: Site,
    names: list[str],
    to: str | None,
    run: Run,
    pace: Pace,
    fleet: Fleet,
    console: Console,
    *,
    yes: bool,
    drain_timeout: float,
    force: bool,
) -> bool:
    seen = look_at_releases(site.inventory.app.directory, names, fleet)
    runtime = site.runtime
    chosen = targets(seen, runtime.pins, to)
    unseen = {name: str(fleet.errors[name]) for name in names if name not in seen}
    if not seen:
        raise RollbackError("\n".join(unseen.values()))
    if len(known := set(chosen.values())) == 1:
        # They are to have it too when they are there again, instead of going forward alone.
        held = {**chosen, **dict.fromkeys(unseen, *known)}
    else:
        held = chosen
    runtime = pinned(runtime, held, run.holder)
    wanted = desired_rollback(site.inventory, runtime)
    desired = {name: wanted[name] for name in held}
    plans = plan_hosts(site.inventory, desired, fleet)
    for plan in plans.hosts.values():
        run.journal.write("plan", plan=plan_record(plan))
    foresee(site, plans, fleet)
    show_plans(console, plans)
    if plans.changes:
        confirm("Go back?", yes=yes)
    # Before the first host: what is cut is gone on with, not undone, by whatever comes next.
    save_runtime(site.state_dir, runtime)
    with progress_on(console) as progress:
        around = OutOfService(
            site=site,
            inventory=site.inventory,
            fleet=fleet,
            run=run,
            plans=plans,
            desired=lambda now: desired_rollback(site.inventory, now),
            command="rollback",
            timeout=drain_timeout,
            force=force,
            takes_over=frozenset({"deploy", "rollback", CAUSE}),
            progress=progress,
        )
        result = apply_plans(
            plans,
            rollback_waves(held),
            {name: host.postconditions for name, host in desired.items()},
            fleet,
            pace=pace,
            run_id=run.id,
            holder=run.holder,
            journal=run.journal,
            progress=progress,
            around=around,
        )
        lacking = await_everybody(site, fleet, result.hosts, progress=progress)
    for name, reason in unseen.items():
        # Some may not be held either, as it is not known what they had before.
        if name not in result.hosts:
            result.skipped.setdefault(name, reason)
    show_result(console, result, run)
    show_lacking(console, lacking)
    back = [name for name, host in result.hosts.items() if host.ok]
    if give_up_upgrade(site.state_dir, back):
        console.print(Text("The rolling upgrade that was cut is given up.", "yellow"))
    for release in sorted(set(held.values())):
        hosts = ", ".join(name for name in held if held[name] == release)
        text = f"{hosts}: deploys keep release {release} until `cluster rollback --lift`."
        console.print(Text(text, "yellow"), soft_wrap=True)
    return result.ok
