"""``cluster exec``."""

import shlex
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...transport.base import Completed, Transport
from .. import exit_codes
from ..options import host_key_option, inventory_option, load_or_exit
from ..seconds import Seconds
from ..selection import chosen
from ..views.folding import alike, every_host_option, folds, title
from ..views.json_output import print_json
from ..views.plan import of_hosts


@click.command("exec", context_settings={"ignore_unknown_options": True})
@inventory_option
@host_key_option
@click.option("--root", is_flag=True, help="Run as root through sudo.")
@click.option("--timeout", type=Seconds(), help="Seconds a host may take.")
@every_host_option
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.argument("target", metavar="HOSTS[,...]")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(
    inventory: Path,
    accept_new_host_keys: bool,
    root: bool,
    timeout: float | None,
    as_json: bool,
    target: str,
    command: tuple[str, ...],
) -> None:
    """Run a command on hosts at the same time, each line labelled with its host, or with all hosts
    that gave the same answer where there are many.

    The command is passed word by word, not through a shell; for a pipe write
    `cluster exec real_servers -- sh -c 'dmesg | tail'`.

    Exit status: 0 when it was 0 everywhere, else 1.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen(cluster.inventory, (target,))
    script = shlex.join(command) + "\n"

    def run(_name: str, transport: Transport) -> Completed:
        return transport.run(script, root=root, timeout=timeout)

    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        fleet.connect(names)
        done = fleet.each(names, run)
        errors = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    if as_json:
        print_json(_record(done, errors))
    else:
        _show(done, errors)
    failed = errors or any(completed.status for completed in done.values())
    raise SystemExit(exit_codes.FAILED if failed else exit_codes.OK)


def _record(done: dict[str, Completed], errors: dict[str, str]) -> dict[str, object]:
    results: dict[str, object] = {name: {"error": reason} for name, reason in errors.items()}
    for name, completed in done.items():
        results[name] = {
            "status": completed.status,
            "stdout": completed.stdout.decode("utf-8", "replace"),
            "stderr": completed.stderr.decode("utf-8", "replace"),
        }
    return results


def _show(done: dict[str, Completed], errors: dict[str, str]) -> None:
    out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
    fold = folds(len(done) + len(errors))
    said = {name: (one.status, one.stdout, one.stderr) for name, one in done.items()}
    groups = alike(said, fold=fold)
    if fold:
        failed = sum(one.status != 0 for one in done.values())
        counts = f"{len(done) + len(errors)} hosts: {len(done) - failed} well, {failed} not"
        unreached = f", {len(errors)} not reached" if errors else ""
        err.print(Text(f"{counts}{unreached}; {len(groups)} different answers", "bold"))
    for names in groups:
        name, completed = title(names), done[names[0]]
        for line in completed.stdout.decode("utf-8", "replace").splitlines():
            out.print(Text.assemble((f"{name}: ", "cyan"), line))
        for line in completed.stderr.decode("utf-8", "replace").splitlines():
            err.print(Text.assemble((f"{name}: ", "yellow"), line))
        if completed.status:
            err.print(Text(f"{name}: status {completed.status}", "red"))
        elif fold and not (completed.stdout or completed.stderr):
            err.print(Text(f"{name}: no output", "dim"))
    for reason in of_hosts(errors, "", fold=fold):
        err.print(reason)
