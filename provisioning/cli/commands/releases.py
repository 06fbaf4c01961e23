"""``cluster releases``."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console, Group, RenderableType
from rich.text import Text

from ...facts.host_releases import HostReleases, KeptRelease
from ...model.runtime import Pin
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.release.on_hosts import look_at_releases
from .. import exit_codes
from ..options import host_key_option, inventory_option, limit_option, load_or_exit
from ..selection import chosen_real_servers
from ..views.json_output import print_json
from ..views.plan import pin_lines
from ..views.table import FittingTable


@click.command()
@inventory_option
@limit_option
@host_key_option
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def releases(
    inventory: Path, limit: tuple[str, ...], accept_new_host_keys: bool, as_json: bool
) -> None:
    """Show which releases of the app each real server has, and which one runs.

    Exit status: 0 done, 1 a host could not be looked at, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen_real_servers(cluster.inventory, limit)
    pins = cluster.runtime.pins
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        seen = look_at_releases(cluster.inventory.app.directory, names, fleet)
        errors = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    if as_json:
        print_json(_record(seen, errors, pins))
    else:
        Console().print(_view(seen, errors, pins))
    failed = errors or any(host.problem for host in seen.values())
    raise SystemExit(exit_codes.FAILED if failed else exit_codes.OK)


def _record(
    seen: dict[str, HostReleases], errors: dict[str, str], pins: Mapping[str, Pin]
) -> dict[str, object]:
    """``{"hosts": {host: {"current", "previous", "running": [id], "pin": {"release", "who",
    "since", "left": [id]} | null, "problem", "releases": [{"id", "unpacked", "whole", "version",
    "source", "ref", "commit", "built", "by"}]}}, "unreachable": {host: reason}}``. The latest
    unpacked release is the last; what is not known is null, and ids are empty where there is
    none."""
    return {
        "hosts": {
            name: {
                "current": host.current,
                "previous": host.previous,
                "running": list(host.running),
                "pin": asdict(pins[name]) if name in pins else None,
                "problem": host.problem,
                "releases": [
                    {
                        "id": one.id,
                        "unpacked": one.unpacked,
                        "whole": one.whole,
                        **asdict(one.origin),
                    }
                    for one in host.kept
                ],
            }
            for name, host in seen.items()
        },
        "unreachable": errors,
    }


def _view(
    seen: dict[str, HostReleases], errors: dict[str, str], pins: Mapping[str, Pin]
) -> RenderableType:
    table = FittingTable(headings=("host", "release", "state", "unpacked", "from", "built by"))
    notes: list[Text] = []
    for name, host in seen.items():
        if host.problem:
            notes.append(Text(f"{name}: {host.problem}", "bold red"))
        elif not host.kept:
            table.add_row(name, Text("none", "bold red"))
        for one in reversed(host.kept):
            table.add_row(*_row(name, host, one))
        if name in pins:
            notes += pin_lines(pins, [name])
    notes += [Text(reason, "bold red") for reason in errors.values()]
    return Group(table, *notes)


def _row(name: str, host: HostReleases, one: KeptRelease) -> tuple[str | Text, ...]:
    origin = one.origin
    pieces = (origin.source, origin.ref, origin.commit[:12] if origin.commit else None)
    return (
        name,
        one.id,
        _state(host, one),
        one.unpacked.replace("T", " ").removesuffix("+00:00") + " UTC",
        Text(" ".join(piece for piece in pieces if piece) or "?"),
        Text(origin.by or "?"),
    )


def _state(host: HostReleases, one: KeptRelease) -> Text:
    if not one.whole:
        return Text("half-built", "yellow")
    if one.id in host.running:
        return Text("runs", "green") if one.id == host.current else Text("still runs", "bold red")
    if one.id == host.current:
        return Text("current, but does not run", "bold red")
    return Text("previous" if one.id == host.previous else "", "dim")
