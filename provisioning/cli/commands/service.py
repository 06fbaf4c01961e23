"""``cluster start``, ``cluster stop`` and ``cluster restart``: the app on real servers."""

from pathlib import Path

import click

from ...model.inventory import Inventory
from ...operations.app_service import restart_apps, start_apps, stop_apps
from ...operations.cluster.cluster import Cluster
from ..asking import confirm
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import (
    WITHOUT_A_DIRECTOR,
    batch_option,
    force_option,
    host_key_option,
    inventory_option,
    json_option,
    limit_option,
    load_or_exit,
    yes_option,
)
from ..seconds import Seconds
from ..selection import chosen
from ..skip_hooks import skip_hooks_option

_timeout_option = click.option(
    "--timeout",
    type=Seconds(),
    default=120.0,
    show_default=True,
    help="Seconds to wait for jobs and open connections.",
)
_force_option = force_option("Also the last healthy ones, and with jobs left at the deadline.")


def _real_servers(inventory: Inventory, limit: tuple[str, ...]) -> list[str]:
    names = chosen(inventory, limit) if limit else list(inventory.real_servers.hosts)
    ours = [name for name in names if name in inventory.real_servers.hosts]
    if ours and set("=*?!") & set("".join(limit)):
        # What has labels or matches a pattern may be of any role; who names a host means it.
        return ours
    if others := [name for name in names if name not in ours]:
        raise click.UsageError(
            f"the app runs on real servers only, so not on {', '.join(others)}; "
            f"choose from {', '.join(inventory.real_servers.hosts)}"
        )
    return names


@click.command()
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@force_option(WITHOUT_A_DIRECTOR)
@json_option
def start(
    inventory: Path, limit: tuple[str, ...], accept_new_host_keys: bool, force: bool, as_json: bool
) -> None:
    """Start the app on real servers and give them clients once they are ready.

    What was drained with `cluster drain` stays drained.

    Exit status: 0 all are up, 1 one is not, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = _real_servers(cluster.inventory, limit)
    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, as_json=as_json, live=True
    ) as op:
        start_apps(op, names, force=force)
        op.run.ok = True
        op.dialogue.done(f"Started: {', '.join(names)}")


@click.command()
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@_timeout_option
@yes_option
@_force_option
@json_option
def stop(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    timeout: float,
    yes: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Stop the app on real servers, after their work is done. `cluster start` brings them back.

    Each is drained first, so clients go elsewhere; the last healthy ones stop with --force only,
    and then the virtual IP serves nobody.

    Exit status: 0 stopped, 1 refused or failed, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = _real_servers(cluster.inventory, limit)
    left = [n for n in cluster.inventory.real_servers.hosts if n not in names]
    left = [name for name in left if name not in cluster.runtime.drains]
    means = f"{', '.join(left)} will serve" if left else "the service will be down for everybody"
    confirm(f"Stop the app on {', '.join(names)}: {means}. Continue?", yes=yes, err=as_json)
    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, as_json=as_json, live=True
    ) as op:
        stop_apps(op, names, timeout=timeout, force=force)
        op.run.ok = True
        op.dialogue.done(f"Stopped: {', '.join(names)}; {means}.")


@click.command()
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@skip_hooks_option
@batch_option("Real servers at a time.")
@_timeout_option
@yes_option
@_force_option
@json_option
def restart(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    batch: int,
    timeout: float,
    yes: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Restart the app on real servers, batch by batch, without interrupting clients.

    Each is drained, its work waited for, and it gets clients again once it is ready. A failure
    leaves the later ones as they are.

    Exit status: 0 restarted, 1 refused or failed, 2 wrong inventory or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = _real_servers(cluster.inventory, limit)
    confirm(f"Restart the app on {', '.join(names)}, {batch} at a time?", yes=yes, err=as_json)
    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, as_json=as_json, live=True
    ) as op:
        restart_apps(op, names, batch=batch, timeout=timeout, force=force)
        op.run.ok = True
        op.dialogue.done(f"Restarted: {', '.join(names)}")
