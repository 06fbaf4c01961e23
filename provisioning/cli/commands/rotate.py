"""``cluster rotate``."""

from pathlib import Path

import click

from ...operations.cluster.cluster import Cluster
from ...operations.rotation.secret import rotate_secret
from .. import exit_codes
from ..asking import require_answer
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import host_key_option, inventory_option, json_option, load_or_exit, yes_option


@click.group()
def rotate() -> None:
    """Exchange a secret of a living cluster, without interruption.

    Exit status: 0 done, 1 refused, or a host failed (the same command continues), 2 wrong inventory
    or command line, 130 interrupted.
    """


@rotate.command("secret", short_help="Exchange the secret by which the nodes know each other.")
@inventory_option
@host_key_option
@lock_wait_option
@click.option("--abort", is_flag=True, help="Take back a rotation that was cut.")
@yes_option
@json_option
def secret(
    inventory: Path, accept_new_host_keys: bool, abort: bool, yes: bool, as_json: bool
) -> None:
    """Exchange the secret by which the nodes know each other.

    The new one is made here; with app.secret in the inventory it is the one that is named there
    now. First every node accepts both, then all sign with the new one, then the old one is
    forgotten. No node is drained or started anew, no request is lost, no session breaks. It takes
    about a minute.

    A phase begins once all nodes have proved that they are in the one before. A rotation that was
    cut is continued by the same command, from any folder; until then `cluster deploy` keeps to the
    phase. It is refused while a real server cannot be reached.

    JSON: {"run": id, "ok": bool, "hosts": {name: {"outcome", "message"}}, "skipped": {name:
    reason}, "notes": [str]}, the hosts as they went in the last phase that was begun.

    Exit status: 0 all nodes know each other by the new secret alone, 1 refused, or a host failed
    (the same command continues), 2 wrong inventory or command line, 130 interrupted.
    """
    require_answer(yes=yes)
    cluster = Cluster(load_or_exit(inventory), inventory)
    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, yes=yes, as_json=as_json
    ) as op:
        op.run.ok = rotate_secret(op, abort=abort)
    raise SystemExit(exit_codes.OK if op.run.ok else exit_codes.FAILED)
