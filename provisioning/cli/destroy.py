"""``cluster destroy``."""

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
from provisioning.cli.selection import chosen
from provisioning.cli.working import open_working_fleet, take_note
from provisioning.operations.deploy import Pace, apply_plans
from provisioning.operations.destroy import (
    destroy_waves,
    forget_destroyed,
    plan_removal,
    require_no_upgrade_left,
)
from provisioning.operations.host_words import of_host
from provisioning.operations.run import recorded
from provisioning.operations.session import Site


@click.command()
@inventory_option
@limit_option
@host_key_option
@click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal.")
def destroy(inventory: Path, limit: tuple[str, ...], accept_new_host_keys: bool, yes: bool) -> None:
    """Put hosts back as they were before the first deploy.

    Stops and removes what deploy brought, newest first, and restores the files it replaced.
    Debian packages and generated audio stay. Shows the plan and asks first.

    Exit status: 0 done, 1 a host failed, 2 wrong command line or inventory.
    """
    require_answer(yes=yes)
    site = Site(load_or_exit(inventory), inventory)
    console = Console()
    names = chosen(site.inventory, limit)
    with (
        recorded(site, ["cluster", *sys.argv[1:]]) as run,
        open_working_fleet(site, run, accept_new_host_keys=accept_new_host_keys) as fleet,
    ):
        if upgrade := require_no_upgrade_left(site, names):
            take_note(upgrade)
        plans = plan_removal(names, fleet)
        show_plans(console, plans)
        if plans.changes:
            confirm("Remove all this?", yes=yes)
        with progress_on(console) as progress:
            result = apply_plans(
                plans,
                destroy_waves(site.inventory),
                dict.fromkeys(names, ()),
                fleet,
                pace=Pace(site.inventory.forks, site.inventory.forks, len(names)),
                run_id=run.id,
                holder=run.holder,
                journal=run.journal,
                progress=progress,
            )
        run.ok = result.ok
        forget_destroyed(site, run, [name for name, host in result.hosts.items() if host.ok])
    for name, reason in result.skipped.items():
        console.print(Text(of_host(name, reason, "not changed"), "bold red"), soft_wrap=True)
    for name, host in result.hosts.items():
        if not host.ok:
            console.print(
                Text(of_host(name, host.message, host.outcome), "bold red"), soft_wrap=True
            )
    raise SystemExit(exit_codes.OK if result.ok else exit_codes.FAILED)
