"""``cluster switchover``."""

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ...model.derived.way_in import edges_alone
from ...operations.cluster.cluster import Cluster
from ...operations.switchover.edges import switch_edges
from ...operations.switchover.switch_over import Switchover, switch_over
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import force_option, host_key_option, inventory_option, json_option, load_or_exit
from ..skip_hooks import skip_hooks_option
from ..views.json_output import print_json


@click.command()
@inventory_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@click.option("--to", metavar="HOST", help="The new master.  [default: the fittest other one]")
@click.option("--edges", is_flag=True, help="The edges' VIP instead of the directors'.")
@force_option("Also where tables differ or connections would break.")
@json_option
def switchover(
    inventory: Path,
    accept_new_host_keys: bool,
    to: str | None,
    edges: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Move the virtual IP to another director on purpose, in under a second.

    Refused where the other one is not fit: Keepalived or the connection sync daemon does not run
    there, its state is not BACKUP, its kernel's table differs or has no healthy server. Open
    connections continue. A connection is tried every 20 ms from the client's place, to tell how
    long none worked.

    With --edges it is the edges' VIP that moves, to an edge that is backup and whose Nginx answers;
    requests under way go on through the old one. Without directors --edges need not be said.

    Exit status: 0 it is master (or was already), 1 refused or failed, 2 wrong inventory or command
    line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    edges = edges or edges_alone(cluster.inventory) is not None
    _require_one_of(_hosts(cluster, edges=edges), to, "an edge" if edges else "a director")
    with changing(
        cluster,
        accept_new_host_keys=accept_new_host_keys,
        as_json=as_json,
        live=True,
        own_result=True,
    ) as op:
        result = switch_edges(op, to=to) if edges else switch_over(op, to=to, force=force)
        op.run.ok = True
    if as_json:
        print_json({**result.record(), "hook_failures": op.hooks.failures})
    else:
        _show(Console(soft_wrap=True), result)


def _hosts(cluster: Cluster, *, edges: bool) -> list[str]:
    inventory = cluster.inventory
    if not edges:
        return list(inventory.directors.hosts)
    if inventory.edges is None:
        raise click.UsageError("the inventory has no edges")
    return list(inventory.edges.hosts)


def _require_one_of(names: list[str], to: str | None, word: str) -> None:
    if to is not None and to not in names:
        raise click.UsageError(f"{to} is not {word}; choose from {', '.join(names)}")


def _show(console: Console, result: Switchover) -> None:
    if not result.old:
        console.print(Text(f"{result.new} is master already.", "bold green"))
        return
    console.print(Text(f"{result.new} is master now; it was {result.old}.", "bold green"))
    if result.gap is None:
        console.print(Text(f"The gap could not be measured: {result.why_no_gap}", "yellow"))
    else:
        console.print(f"New connections failed for {result.gap * 1000:.0f} ms.")
    if result.before is not None:
        console.print(f"{result.new} knew {result.before}; it has {result.after} now.")
