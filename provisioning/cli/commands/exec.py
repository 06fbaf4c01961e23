"""``cluster exec``."""

import os
import stat
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.executing.batches import Outcomes
from ...operations.executing.execution import Answer, Execution
from ...operations.executing.given import Given
from ...operations.executing.scripts import LARGEST, command_script, file_script
from .. import exit_codes
from ..local_paths import GIVEN_FILE
from ..options import host_key_option, inventory_option, limit_option, load_or_exit
from ..rhythm import rhythm_of, rhythm_options
from ..seconds import Seconds
from ..selection import chosen_within
from ..views.execution import (
    StreamedLines,
    counted,
    counts,
    execution_record,
    show_errors,
    show_folded,
)
from ..views.folding import every_host_option, folds
from ..views.json_output import print_json


@click.command("exec", context_settings={"ignore_unknown_options": True})
@inventory_option
@limit_option
@host_key_option
@click.option("--root", is_flag=True, help="Run as root through sudo.")
@click.option("--timeout", type=Seconds(), help="Seconds a host may take.")
@rhythm_options
@click.option(
    "--script",
    type=GIVEN_FILE,
    help="Run this file of yours there; COMMAND is its arguments.",
)
@click.option(
    "--stdin/--no-stdin",
    "reads",
    default=None,
    help="Give standard input to the command on every host.  [default: where it is a file]",
)
@click.option(
    "--stream/--fold",
    "streams",
    default=None,
    help="Show lines as they come, or equal answers together at the end.  [default: --fold for "
    "more than 10 hosts]",
)
@every_host_option
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.argument("target", metavar="HOSTS[,...]")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def exec_(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    root: bool,
    timeout: float | None,
    forks: int | None,
    batch: str | None,
    max_fail: int | None,
    script: Path | None,
    reads: bool | None,
    streams: bool | None,
    as_json: bool,
    target: str,
    command: tuple[str, ...],
) -> None:
    """Run a command on hosts at the same time: lines labelled with their host as they come, or
    where there are many hosts, those with the same answer together.

    The command is passed word by word, not through a shell; for a pipe write
    `cluster exec real_servers -- sh -c 'dmesg | tail'`. Nothing is asked, and the cluster is
    not held: what the command changes is up to it.

    Examples: `cluster exec rs1 -- tee /tmp/x < file`, `cluster exec real_servers --script
    ./mend.sh -- --dry-run`, `cluster exec --root real_servers --batch 10% --max-fail 0 -- apt-get
    -y upgrade`.

    Exit status: 0 when it was 0 everywhere, 1 where it was not, or a host was not reached or not
    begun, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen_within(cluster.inventory, target, limit)
    width = forks or cluster.forks
    rhythm = rhythm_of(names, forks=width, batch=batch, max_fail=max_fail)
    execution = Execution(
        script=_script(script, command),
        root=root,
        timeout=timeout,
    )
    if streams is None:
        streams = not folds(len(names))
    with ExitStack() as stack:
        if reads_stdin(inventory, reads):
            execution = replace(execution, given=stack.enter_context(Given(sys.stdin.buffer)))
        fleet = stack.enter_context(
            open_fleet(cluster, forks=width, accept_new_host_keys=accept_new_host_keys)
        )
        if streams and not as_json:
            shown = StreamedLines()
            execution = replace(execution, keeps=False, on_line=shown.line, on_end=shown.end)
        else:
            on_end = stack.enter_context(counted(len(names), quiet=as_json))
            execution = replace(execution, on_end=on_end)
        found = execution.run(fleet, names, rhythm)
    if as_json:
        print_json(execution_record(found))
    else:
        _show(found, streams=streams)
    bad = found.errors or found.skipped or any(one.status for one in found.done.values())
    raise SystemExit(exit_codes.FAILED if bad else exit_codes.OK)


def _script(file: Path | None, command: tuple[str, ...]) -> str:
    if file is None:
        if not command:
            raise click.UsageError("Missing argument 'COMMAND...' (or --script FILE).")
        return command_script(command)
    content = file.read_bytes()
    if len(content) > LARGEST:
        raise click.UsageError(
            f"{file} is larger than {LARGEST // 1024} KiB; `cluster push` it, then run it there"
        )
    return file_script(content, command)


def reads_stdin(inventory: Path, wanted: bool | None) -> bool:
    """Tell whether the command is given standard input. A pipe has to be asked for: it may be left
    open by whoever started this, and never end."""
    if str(inventory) == "-":
        if wanted:
            raise click.UsageError("standard input is the inventory (-i -): it has no --stdin")
        return False
    if wanted is not None:
        return wanted
    try:
        return stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):
        return False


def _show(found: Outcomes[Answer], *, streams: bool) -> None:
    if not streams:
        show_folded(found)
    elif folds(len(found.done) + len(found.errors) + len(found.skipped)):
        click.echo(counts(found), err=True)
    show_errors(found, fold=not streams)
