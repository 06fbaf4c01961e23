"""``cluster status``."""

from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from provisioning.cli import exit_codes
from provisioning.cli.json_view import print_json
from provisioning.cli.options import host_key_option, inventory_option, load_or_exit
from provisioning.cli.quit_key import keys_at_once, quit_within
from provisioning.cli.status_view import status_view
from provisioning.engine.fleet import Fleet
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.faults.registry import all_faults
from provisioning.operations.session import Site, open_fleet
from provisioning.operations.status.record import status_record
from provisioning.operations.status.watch import Watch

_EVERY = 2.0
"""Seconds between looks."""


@click.command()
@inventory_option
@host_key_option
@click.option("--watch", is_flag=True, help="Look again every 2 seconds; q or Ctrl-C ends it.")
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def status(inventory: Path, accept_new_host_keys: bool, watch: bool, as_json: bool) -> None:
    """Show what every host is and has now, and what is not as the inventory says.

    Exit status: 0 all well, 1 something is wrong or a host cannot be looked at, 2 wrong inventory
    or command line. With --watch it is 0.
    """
    if watch and as_json:
        raise click.UsageError("--watch shows a picture: use it without --json")
    site = Site(load_or_exit(inventory), inventory)
    with open_fleet(site, accept_new_host_keys=accept_new_host_keys) as fleet:
        healthy = _watch(site, fleet) if watch else _once(site, fleet, as_json=as_json)
    raise SystemExit(exit_codes.OK if healthy else exit_codes.FAILED)


def _once(site: Site, fleet: Fleet, *, as_json: bool) -> bool:
    state = look_at(site.inventory, fleet, site.record)
    faults = all_faults(site.inventory, state)
    if as_json:
        record = status_record(site.inventory, state, faults)
        print_json(record)
    else:
        Console().print(status_view(site.inventory, state, faults))
    return not faults


def _watch(site: Site, fleet: Fleet) -> bool:
    console = Console()
    try:
        with console.status("Connecting"):
            watch = Watch(site.inventory, fleet, lambda: site.record)
            state = watch.look()
        with keys_at_once(), Live(console=console, auto_refresh=False, screen=True) as live:
            while True:
                faults = all_faults(site.inventory, state)
                live.update(status_view(site.inventory, state, faults), refresh=True)
                if quit_within(_EVERY):
                    return True
                state = watch.look()
    except KeyboardInterrupt:
        return True
