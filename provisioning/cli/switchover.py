"""``cluster switchover``."""

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from provisioning.cli.frame import changing
from provisioning.cli.json_view import print_json
from provisioning.cli.options import (
    force_option,
    host_key_option,
    inventory_option,
    json_option,
    load_or_exit,
)
from provisioning.operations.session import Site
from provisioning.operations.switchover.switch_over import Switchover, switch_over


@click.command()
@inventory_option
@host_key_option
@click.option("--to", metavar="DIRECTOR", help="The new master.  [default: the fittest other one]")
@force_option("Also where tables differ or connections would break.")
@json_option
def switchover(
    inventory: Path, accept_new_host_keys: bool, to: str | None, force: bool, as_json: bool
) -> None:
    """Move the virtual IP to another director on purpose, in under a second.

    Refused where the other one is not fit: Keepalived or the connection sync daemon does not run
    there, its state is not BACKUP, its kernel's table differs or has no healthy server. Open
    connections continue. A connection is tried every 20 ms from the client's place, to tell how
    long none worked.

    Exit status: 0 it is master (or was already), 1 refused or failed, 2 wrong inventory or command
    line.
    """
    site = Site(load_or_exit(inventory), inventory)
    directors = list(site.inventory.directors.hosts)
    if to is not None and to not in directors:
        raise click.UsageError(f"{to} is not a director; choose from {', '.join(directors)}")
    with changing(
        site, accept_new_host_keys=accept_new_host_keys, as_json=as_json, live=True
    ) as op:
        result = switch_over(op, to=to, force=force)
        op.run.ok = True
    if as_json:
        print_json(result.record())
    else:
        _show(Console(soft_wrap=True), result)


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
