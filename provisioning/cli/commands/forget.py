"""``cluster forget``."""

from pathlib import Path

import click

from ...model.derived.resolve import all_hosts
from ...operations.cluster.cluster import Cluster
from ...operations.state_folder.deployed_hosts import forget as strike_off
from ...operations.state_folder.deployed_hosts import load_deployed_hosts
from ...operations.state_folder.runtime_state import save_runtime, without_drain
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import host_key_option, inventory_option, json_option, load_or_exit


@click.command()
@inventory_option
@host_key_option
@lock_wait_option
@json_option
@click.argument("host")
def forget(inventory: Path, accept_new_host_keys: bool, as_json: bool, host: str) -> None:
    """Give up a host that left the inventory and does not answer any more.

    A host that is removed from the inventory is cleaned by the next deploy. One that is gone for
    good cannot be; this strikes it off the record. Nothing is changed on it: should it come back,
    it still has the virtual IP on lo and its services.

    Exit status: 0 forgotten, 1 it was not known, 2 it is in the inventory, or that is wrong.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    if host in all_hosts(cluster.inventory):
        raise click.UsageError(f"{host} is in the inventory; take it out there first")
    with changing(cluster, accept_new_host_keys=accept_new_host_keys, as_json=as_json) as op:
        if not strike_off(cluster.state_dir, [host]):
            known = ", ".join(load_deployed_hosts(cluster.state_dir)) or "none"
            raise click.ClickException(f"no host {host} was deployed; known: {known}")
        save_runtime(cluster.state_dir, without_drain(cluster.runtime, host))
        op.run.ok = True
        op.dialogue.done(f"{host} is forgotten.")
