"""``cluster status``."""

import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from ...engine.fleet import Fleet
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.cluster_state.look import look_at
from ...operations.faults.registry import all_faults
from ...operations.status.record import status_record
from ...operations.status.watch import Watch
from .. import exit_codes
from ..options import host_key_option, inventory_option, limit_option, load_or_exit
from ..selection import chosen
from ..views.folding import every_host_option
from ..views.json_output import print_json
from ..views.status import status_view

_EVERY = 2.0
"""Seconds between looks."""


@click.command()
@inventory_option
@limit_option
@host_key_option
@click.option("--watch", is_flag=True, help="Look again every 2 seconds; q or Ctrl-C ends it.")
@every_host_option
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def status(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    watch: bool,
    as_json: bool,
) -> None:
    """Show what every host is and has now, and what is not as the inventory says.

    With --limit only the chosen hosts are looked at, and those that the traffic comes through.

    Exit status: 0 all well, 1 something is wrong or a host cannot be looked at, 2 wrong inventory
    or command line. With --watch it is 0.
    """
    if watch and as_json:
        raise click.UsageError("--watch shows a picture: use it without --json")
    cluster = Cluster(load_or_exit(inventory), inventory)
    only = chosen(cluster.inventory, limit) if limit else None
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        if watch:
            healthy = _watch(cluster, fleet, only)
        else:
            healthy = _once(cluster, fleet, only, as_json=as_json)
    raise SystemExit(exit_codes.OK if healthy else exit_codes.FAILED)


def _once(cluster: Cluster, fleet: Fleet, only: list[str] | None, *, as_json: bool) -> bool:
    state = look_at(cluster.inventory, fleet, cluster.record, only)
    faults = all_faults(cluster.inventory, state)
    if as_json:
        record = status_record(cluster.inventory, state, faults)
        print_json(record)
    else:
        Console().print(status_view(cluster.inventory, state, faults))
    return not faults


def _watch(cluster: Cluster, fleet: Fleet, only: list[str] | None) -> bool:
    console = Console()
    try:
        with console.status("Connecting"):
            watch = Watch(cluster.inventory, fleet, lambda: cluster.record, only)
            state = watch.look()
        with _keys_at_once(), Live(console=console, auto_refresh=False, screen=True) as live:
            while True:
                faults = all_faults(cluster.inventory, state)
                live.update(status_view(cluster.inventory, state, faults), refresh=True)
                if _quit_within(_EVERY):
                    return True
                state = watch.look()
    except KeyboardInterrupt:
        return True


@contextmanager
def _keys_at_once() -> Iterator[None]:
    """Keys come without Enter and are not echoed, while the block runs; as before afterwards."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _quit_within(seconds: float) -> bool:
    """Waits; true at once when ``q`` is pressed on a terminal."""
    watched = [sys.stdin] if sys.stdin.isatty() else []
    ready, _, _ = select.select(watched, [], [], seconds)
    return bool(ready) and sys.stdin.read(1).lower() in ("q", "")
