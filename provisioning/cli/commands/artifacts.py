"""``cluster artifacts``."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from ...model.artifact import Artifact, file_count
from ...model.derived.engine_needs import artifacts_of
from ...operations.artifacts.checking import Checked, check
from ...operations.artifacts.fetching import fetch, known, store_of, unknown
from ...operations.artifacts.lock_file import Locked, lock_path, read_lock
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...resources import artifact as kept
from ...resources.artifact import size_text
from .. import exit_codes
from ..artifact_progress import watching
from ..options import host_key_option, inventory_option, json_option, limit_option, load_or_exit
from ..selection import chosen_real_servers
from ..views.json_output import print_json
from ..views.table import FittingTable


@click.group()
def artifacts() -> None:
    """Weights, repositories, voices and other big files that come to the nodes.

    The inventory names them (artifacts:). Each is fetched once to this machine, checked file by
    file, written down in a lock file beside the inventory, and brought to the nodes by a deploy.

    Exit status: 0 done, 1 an artifact cannot be had or is not right, 2 wrong inventory or command
    line.
    """


@artifacts.command("list", short_help="Show each artifact: its source, its version, where it is.")
@inventory_option
@json_option
def list_(inventory: Path, as_json: bool) -> None:
    """Show each artifact: where it comes from, which version, whether it is here.

    Exit status: 0 done, 1 the lock file cannot be read, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    lock, stale = read_lock(lock_path(cluster.path)), unknown(cluster)
    rows = {
        name: _row(cluster, artifact, name, None if name in stale else lock.get(name))
        for name, artifact in artifacts_of(cluster.inventory).items()
    }
    if as_json:
        print_json({"artifacts": rows})
        return
    table = FittingTable(headings=("artifact", "from", "version", "files", "size", "here"))
    for name, row in rows.items():
        size = size_text(row["size"]) if row["size"] is not None else ""
        count = str(row["files"]) if row["files"] is not None else ""
        version = str(row["revision"] or row["id"] or "")[:24]
        table.add_row(name, f"{row['kind']} {row['source']}", version, count, size, row["state"])
    Console().print(table)


def _row(cluster: Cluster, artifact: Artifact, name: str, locked: Locked | None) -> dict[str, Any]:
    """``{"kind", "source", "revision", "id", "files", "size", "state"}``: state is ``whole``,
    ``partly``, ``not fetched`` or ``on nodes``; what is not known is null, sizes are bytes."""
    row: dict[str, Any] = {"kind": artifact.kind, "source": artifact.shown}
    row |= dict.fromkeys(("revision", "id", "files", "size"))
    if locked is None:
        state = "on nodes" if artifact.on_nodes is not None else "not fetched"
        return {**row, "state": state}
    store, one = store_of(cluster), kept.Artifact(name, locked.contents)
    whole = all(store.has(file.sha256, file.size) for file in one.files)
    return {
        **row,
        "revision": locked.revision,
        "id": one.folder,
        "files": len(one.files),
        "size": one.size,
        "state": "whole" if whole else "partly",
    }


@artifacts.command("fetch", short_help="Fetch artifacts to this machine, all or those named.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@inventory_option
@json_option
def fetch_(names: tuple[str, ...], inventory: Path, as_json: bool) -> None:
    """Fetch artifacts to this machine, all of them or those named; go on where it was cut.

    Exit status: 0 done, 1 an artifact cannot be had, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    _require_known_names(cluster, names)
    with watching(quiet=as_json) as watch:
        found = fetch(cluster, names or None, watch)
    versions = {name: kept.Artifact(name, one.contents) for name, one in found.items()}
    if as_json:
        record = {
            name: {"id": one.folder, "files": len(one.files), "size": one.size}
            for name, one in versions.items()
        }
        print_json({"artifacts": record})
        return
    for name, one in versions.items():
        count = file_count(len(one.files))
        click.echo(f"{name}: {one.folder}, {count}, {size_text(one.size)}")


def _require_known_names(cluster: Cluster, names: tuple[str, ...]) -> None:
    every = artifacts_of(cluster.inventory)
    if wrong := next((name for name in names if name not in every), None):
        raise click.UsageError(f"no artifact {wrong!r}; artifacts: {', '.join(every) or 'none'}")


@artifacts.command(short_help="Read every file again, here and on the nodes.")
@inventory_option
@limit_option
@host_key_option
@click.option("--nodes/--no-nodes", "nodes", default=True, help="On the nodes as well.")
@json_option
def verify(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    nodes: bool,
    as_json: bool,
) -> None:
    """Read every file again, here and on the nodes, and compare its SHA-256.

    Exit status: 0 all right, 1 something is missing or not right, or a node could not be looked at,
    2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen_real_servers(cluster.inventory, limit) if nodes else []
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        found = check(cluster, fleet, names, known(cluster))
        errors = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    if as_json:
        print_json({"here": found.here, "hosts": found.hosts, "unreachable": errors})
    else:
        _show(found, errors)
    raise SystemExit(exit_codes.OK if found.ok and not errors else exit_codes.FAILED)


def _show(found: Checked, errors: dict[str, str]) -> None:
    console = Console(soft_wrap=True)
    for place, said in {"here": found.here, **found.hosts}.items():
        for name, wrong in said.items():
            for line in wrong:
                console.print(Text(f"{place}: {name}: {line}", "bold red"))
            if not wrong:
                console.print(Text(f"{place}: {name}: right", "green"))
    for reason in errors.values():
        console.print(Text(reason, "bold red"))


@artifacts.command(short_help="Delete from this machine what is needed no more.")
@inventory_option
@json_option
def prune(inventory: Path, as_json: bool) -> None:
    """Delete from this machine what the inventory's artifacts need no more. Nodes do it themselves:
    a version goes with the last release that leads to it.

    Exit status: 0 done, 1 it could not be deleted, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    lock = read_lock(lock_path(cluster.path))
    wanted = {
        file.sha256
        for name in artifacts_of(cluster.inventory)
        if name in lock
        for file in lock[name].contents
    }
    store = store_of(cluster)
    with store.held():
        count, size = store.prune(wanted)
    if as_json:
        print_json({"deleted": count, "size": size})
    else:
        click.echo(f"{file_count(count)} deleted, {size_text(size)}")
