"""``cluster rollback``."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from provisioning.cli import exit_codes
from provisioning.cli.options import host_key_option, inventory_option, limit_option, load_or_exit
from provisioning.cli.plan_view import show_plans
from provisioning.cli.progress_view import progress_on
from provisioning.cli.result_view import show_result
from provisioning.cli.selection import chosen_real_servers
from provisioning.cli.working import open_working_fleet
from provisioning.engine.fleet import Fleet
from provisioning.engine.plan_record import plan_record
from provisioning.operations.deploy import Pace, apply_plans
from provisioning.operations.planning import plan_hosts
from provisioning.operations.release.on_hosts import look_at_releases
from provisioning.operations.rollback import (
    RollbackError,
    desired_rollback,
    pinned,
    rollback_waves,
    targets,
)
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
def rollback(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    to: str | None,
    lift: bool,
    yes: bool,
    batch: int,
    max_fail: int,
) -> None:
    """Go back to a release of the app that the real servers still have (`cluster releases`).

    Nothing is built or copied: each node switches its link, restarts the app and is waited for,
    batch by batch. Other settings of the inventory are left as they are. The nodes then stay with
    that release, whatever is deployed, until --lift or a rolling upgrade.

    Exit status: 0 done, 1 a host lacks the release (then nothing was changed) or failed, 2 wrong
    inventory or command line, 130 interrupted (run it again to go on).
    """
    if lift and to:
        raise click.UsageError("--lift lets nodes go forward, --to holds them: use one of the two")
    site = Site(load_or_exit(inventory), inventory)
    names = chosen_real_servers(site.inventory, limit)
    console = Console()
    with recorded(site, ["cluster", *sys.argv[1:]]) as run:
        pace = Pace(site.inventory.forks, batch, max_fail)
        with open_working_fleet(site, run, accept_new_host_keys=accept_new_host_keys) as fleet:
            if lift:
                run.ok = _lift(site, names, console)
            else:
                run.ok = _back(site, names, to, run, pace, fleet, console, yes=yes)
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
    show_plans(console, plans)
    if plans.changes and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on; say --yes")
        click.confirm("Go back?", abort=True)
    # Before the first host: what is cut is gone on with, not undone, by whatever comes next.
    save_runtime(site.state_dir, runtime)
    with progress_on(console) as progress:
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
        )
    for name, reason in unseen.items():
        # Some may not be held either, as it is not known what they had before.
        if name not in result.hosts:
            result.skipped.setdefault(name, reason)
    show_result(console, result, run)
    for release in sorted(set(held.values())):
        hosts = ", ".join(name for name in held if held[name] == release)
        text = f"{hosts}: deploys keep release {release} until `cluster rollback --lift`."
        console.print(Text(text, "yellow"), soft_wrap=True)
    return result.ok
