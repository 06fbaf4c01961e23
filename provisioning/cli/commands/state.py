"""``cluster state``."""

from pathlib import Path

import click
from rich.console import Console

from ...durable_file import write_durably
from ...model.cluster_record import ClusterRecord, RecordFormatError, from_text, to_text
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.host_words import of_host
from ...operations.run.memory import Memory, remembered
from ...operations.run.restoring import restore
from .. import exit_codes
from ..asking import confirm, require_answer
from ..frame import changing
from ..local_paths import GIVEN_FILE, NewPath
from ..lock_wait import lock_wait_option
from ..options import (
    host_key_option,
    inventory_option,
    json_option,
    load_or_exit,
    yes_option,
)
from ..views.json_output import print_json
from ..views.memory import memory_record, show_memory


@click.group()
def state() -> None:
    """Show the memory of the cluster: drains, pins, an upgrade, hosts, the last runs.

    Each director keeps it (an edge, in a cluster without directors), and every command that
    changes something goes on from it, from whatever machine. No secret is in it.

    Exit status: 0 done, 1 something failed, 2 wrong inventory or command line.
    """


@state.command(short_help="Show it, and which run holds the cluster now.")
@inventory_option
@host_key_option
@json_option
def show(inventory: Path, accept_new_host_keys: bool, as_json: bool) -> None:
    """Show it, who has it, and which run holds the cluster now.

    Exit status: 0 all hosts that remember the cluster told, 1 one did not, 2 wrong inventory or
    command line.
    """
    memory, silent = _ask(inventory, accept_new_host_keys)
    if as_json:
        print_json(memory_record(memory, silent))
    else:
        show_memory(Console(), memory, silent)
    raise SystemExit(exit_codes.FAILED if silent else exit_codes.OK)


@state.command("export", short_help="Save it as JSON.")
@inventory_option
@host_key_option
@click.option(
    "-o",
    "--output",
    type=NewPath(makes_folders=True),
    help="Write it to this file, for its owner alone, and not to standard output.",
)
@json_option
def export_(
    inventory: Path, accept_new_host_keys: bool, output: Path | None, as_json: bool
) -> None:
    """Save it, as JSON, for `cluster state import`: before directors are replaced, say.

    With --output, --json prints {"file", "serial"}; without, it is JSON anyway.

    Exit status: 0 saved, 1 no host told it, or there is nothing yet, 2 wrong inventory or command
    line.
    """
    memory, silent = _ask(inventory, accept_new_host_keys)
    if not memory.found:
        reasons = [of_host(name, reason) for name, reason in silent.items()]
        said = "; ".join(reasons) or "nothing was deployed yet"
        raise click.ClickException(f"no host remembers this cluster: {said}")
    text = to_text(memory.record)
    if output is None:
        click.echo(text, nl=False)
        return
    write_durably(output, text, mode=0o600)
    if as_json:
        print_json({"file": str(output), "serial": memory.record.serial})
    else:
        click.echo(f"Version {memory.record.serial} is in {output}.")


@state.command("import", short_help="Put a saved one in its place.")
@inventory_option
@host_key_option
@lock_wait_option
@yes_option
@json_option
@click.argument("file", type=GIVEN_FILE)
def import_(
    inventory: Path, accept_new_host_keys: bool, yes: bool, as_json: bool, file: Path
) -> None:
    """Have the cluster remember what was exported, in place of what it does now.

    Hosts are left as they are: `cluster plan` shows how they differ from it, `cluster deploy` makes
    them so. The history is that of both.

    Exit status: 0 done, 1 no host could be told, or the file is no export, 2 wrong inventory or
    command line, 130 interrupted.
    """
    require_answer(yes=yes)
    cluster = Cluster(load_or_exit(inventory), inventory)
    saved = _read(file)
    question = f"Forget what {cluster.inventory.name} remembers now, for {_said(saved)}?"
    with changing(cluster, accept_new_host_keys=accept_new_host_keys, as_json=as_json) as op:
        if not op.run.seats or not op.run.seats.held:
            raise click.ClickException("no host that remembers the cluster can be reached")
        confirm(question, yes=yes, err=as_json)
        restore(cluster, saved)
        op.run.ok = True
        op.dialogue.done(f"The cluster remembers {_said(saved)}; `cluster plan` shows the rest.")


def _ask(inventory: Path, new_keys: bool) -> tuple[Memory, dict[str, str]]:
    cluster = Cluster(load_or_exit(inventory), inventory)
    with open_fleet(cluster, accept_new_host_keys=new_keys) as fleet:
        memory = remembered(cluster, fleet)
        errors = {n: str(e).removeprefix(f"{n}: ") for n, e in fleet.errors.items()}
    return memory, errors


def _read(file: Path) -> ClusterRecord:
    try:
        return from_text(file.read_text(encoding="utf-8"))
    except (RecordFormatError, UnicodeDecodeError) as error:
        raise click.ClickException(
            f"{file}: {error}; give a file that `cluster state export` wrote"
        ) from None


def _said(record: ClusterRecord) -> str:
    drains, pins = len(record.runtime.drains), len(record.runtime.pins)
    what = f"{drains} drains, {pins} pins, {len(record.members)} hosts"
    return f"version {record.serial} of {record.at or 'an earlier program'} ({what})"
