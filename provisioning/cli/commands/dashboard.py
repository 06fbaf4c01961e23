"""``cluster dashboard``."""

import shlex
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from ...model.watching.monitoring import Monitoring
from ...operations.cluster.cluster import Cluster
from ...operations.dashboard.boards import Page, Watcher, pages, watchers
from ...operations.dashboard.tunnel import command_for, local_port_for, tunnel
from ...operations.errors import OperationError
from ..options import inventory_option, json_option, load_or_exit
from ..views.json_output import print_json
from ..views.table import FittingTable


@click.command()
@inventory_option
@click.option("--open", "opened", is_flag=True, help="Open the first board in a browser.")
@click.option(
    "--tunnel",
    "through",
    is_flag=True,
    help="Lead a port of this machine to a monitoring host over SSH, until Ctrl-C.",
)
@json_option
def dashboard(inventory: Path, opened: bool, through: bool, as_json: bool) -> None:
    """Show where the boards of a monitored cluster are (monitoring.hosts in the inventory).

    They are pages of Prometheus on each monitoring host. Where its port is not open to you, the
    command is shown that leads to it over SSH; --tunnel runs it, by the OpenSSH client.

    JSON: {"hosts": [{"host": str, "reached": bool, "tunnel": [word] | null, "boards": [{"name",
    "title", "url"}]}]}; where there is a tunnel, the URLs go through it, and a second line is the
    error with which it ended.

    Exit status: 0 done, 1 no tunnel or no browser, 2 wrong inventory (or one without
    monitoring.hosts) or command line, 130 the tunnel was ended by Ctrl-C.
    """
    cluster, monitoring = _monitored(inventory)
    found = watchers(monitoring)
    ways = [_Way(cluster, one, through=through and one is found[0]) for one in found]
    with ExitStack() as stack:
        first = ways[0]
        process = None
        if through:
            process = stack.enter_context(tunnel(cluster, first.watcher, first.port))
        if not as_json:
            _show(ways, through=through)
        if opened and not webbrowser.open(first.pages[0].url):
            raise OperationError(f"there is no browser here: open {first.pages[0].url}")
        if as_json:
            record = {"hosts": [way.record() for way in ways]}
            print_json(record, indent=None if through else 2)
        if process is not None:
            ended = process.wait()
            raise OperationError(f"{first.watcher.host}: the tunnel broke: ssh ended with {ended}")


class _Way:
    """The way to one host's boards: straight, or by a tunnel."""

    def __init__(self, cluster: Cluster, watcher: Watcher, *, through: bool) -> None:
        self.watcher = watcher
        self.command: list[str] | None = None
        place, self.port = watcher.place, watcher.port
        if through or not watcher.reached:
            self.port = local_port_for(watcher)
            self.command = command_for(cluster, watcher, self.port)
            place = f"127.0.0.1:{self.port}"
        self.pages: list[Page] = pages(cluster.inventory, place)

    def record(self) -> dict[str, Any]:
        return {
            "host": self.watcher.host,
            "reached": self.watcher.reached,
            "tunnel": self.command,
            "boards": [
                {"name": page.name, "title": page.title, "url": page.url} for page in self.pages
            ],
        }


def _monitored(path: Path) -> tuple[Cluster, Monitoring]:
    inventory = load_or_exit(path)
    monitoring = inventory.monitoring
    if monitoring is None or not monitoring.hosts:
        raise click.UsageError(
            "the inventory has no monitoring.hosts, so there are no boards: docs/monitoring.md"
        )
    return Cluster(inventory, path), monitoring


def _show(ways: list[_Way], *, through: bool) -> None:
    console = Console(highlight=False)
    first = ways[0]
    if not first.watcher.reached and not through and first.command:
        console.print(
            f"{first.watcher.place} ({first.watcher.host}) does not answer from here. This leads"
            " to it until Ctrl-C, and so does `cluster dashboard --tunnel`:\n",
            markup=False,
        )
        # Whole, as it is copied.
        click.echo(f"  {shlex.join(first.command)}\n")
    table = FittingTable(headings=("board", "URL"))
    for page in first.pages:
        table.add_row(page.title, Text(page.url, "bold"))
    console.print(table)
    others = [way.watcher.host for way in ways[1:]]
    if others:
        console.print(f"{', '.join(others)} shows the same.", markup=False)
    if through:
        console.print("The tunnel stands; Ctrl-C ends it.", markup=False)
