"""``cluster drain`` and ``cluster undrain``."""

import time
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ...model.inventory import Inventory
from ...operations.cluster.cluster import Cluster
from ...operations.drain.remaining_work import RemainingWork
from ...operations.drain.steps import bring_back, settle, take_out, wait_until_idle
from .. import exit_codes
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import (
    WITHOUT_A_DIRECTOR,
    force_option,
    host_key_option,
    inventory_option,
    json_option,
    load_or_exit,
)
from ..seconds import Seconds
from ..skip_hooks import skip_hooks_option
from ..views.json_output import print_json


def require_real_server(inventory: Inventory, name: str) -> None:
    """Raise a usage error unless that is a real server; it says what to do instead."""
    if name in inventory.real_servers.hosts:
        return
    if name in inventory.directors.hosts:
        raise click.UsageError(
            f"{name} is a director: `cluster switchover` moves the VIP away from it"
        )
    if inventory.edges is not None and name in inventory.edges.hosts:
        raise click.UsageError(
            f"{name} is an edge: `cluster switchover --edges` moves the VIP away from it"
        )
    servers = ", ".join(inventory.real_servers.hosts)
    raise click.UsageError(f"{name} is not a real server; choose from {servers}")


@click.command()
@inventory_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for its work to end.")
@click.option(
    "--timeout",
    type=Seconds(),
    default=300.0,
    show_default=True,
    help="Seconds to wait for jobs and open connections.",
)
@click.option("--reason", default="", help="Reason, shown by plan and status.")
@force_option("Also the last healthy one, or below the quorum.")
@json_option
@click.argument("host")
def drain(
    inventory: Path,
    accept_new_host_keys: bool,
    wait: bool,
    timeout: float,
    reason: str,
    force: bool,
    as_json: bool,
    host: str,
) -> None:
    """Take a real server out of service without interrupting clients.

    It gets weight 0 on every director and edge: established connections continue, new ones go
    elsewhere.
    The node takes no new sessions. This outlives reloads, reboots and deploys until `cluster
    undrain`. Then its running and waiting jobs and open connections are waited for.

    Exit status: 0 drained and (with --wait) nothing left to do, 1 refused, failed, or something
    left at the deadline (it stays drained), 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    require_real_server(cluster.inventory, host)
    began = time.monotonic()
    left: RemainingWork | None = None
    with changing(
        cluster,
        accept_new_host_keys=accept_new_host_keys,
        as_json=as_json,
        live=True,
        own_result=True,
    ) as op:
        take_out(op, host, reason=reason, force=force)
        if wait:
            left = wait_until_idle(op, host, timeout=timeout)
            settle(op, host)
        op.run.ok = left is None
    seconds = time.monotonic() - began
    if as_json:
        print_json({**_record(host, wait, left, seconds), "hook_failures": op.hooks.failures})
    else:
        _show(Console(soft_wrap=True), host, wait, left, seconds)
    raise SystemExit(exit_codes.OK if left is None else exit_codes.FAILED)


def _record(
    host: str, waited: bool, left: RemainingWork | None, seconds: float
) -> dict[str, object]:
    """``idle`` is null where it was not waited for."""
    return {
        "host": host,
        "drained": True,
        "idle": (left is None) if waited else None,
        "running": left.running if left else 0,
        "waiting": left.waiting if left else 0,
        "connections": left.connections if left else 0,
        "unknown": left.unknown if left else "",
        "seconds": round(seconds, 1),
    }


def _show(
    console: Console, host: str, waited: bool, left: RemainingWork | None, seconds: float
) -> None:
    if left is not None:
        console.print(Text(f"{host} is drained; left after {seconds:.0f} s: {left}.", "bold red"))
        console.print(
            "To keep waiting, run this again. To bring it back: `cluster undrain`.", markup=False
        )
    elif waited:
        text = f"{host} is drained and has nothing left to do ({seconds:.0f} s)."
        console.print(Text(text, "bold green"))
    else:
        console.print(Text(f"{host} is drained; its work continues.", "bold green"))


@click.command()
@inventory_option
@host_key_option
@lock_wait_option
@force_option(WITHOUT_A_DIRECTOR)
@json_option
@click.argument("host")
def undrain(
    inventory: Path, accept_new_host_keys: bool, force: bool, as_json: bool, host: str
) -> None:
    """Return a drained real server to service, once it is ready.

    Exit status: 0 it has its weight on every director and edge, 1 it is not ready (it stays
    drained) or something failed, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    require_real_server(cluster.inventory, host)
    with changing(
        cluster,
        accept_new_host_keys=accept_new_host_keys,
        as_json=as_json,
        live=True,
        own_result=True,
    ) as op:
        bring_back(op, host, force=force)
        op.run.ok = True
    if as_json:
        print_json({"host": host, "drained": False}, indent=None)
    else:
        Console(soft_wrap=True).print(Text(f"{host} is back in service.", "bold green"))
