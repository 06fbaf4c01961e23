"""``cluster rotate``."""

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ...operations.cluster.cluster import Cluster
from ...operations.rotation.secret import rotate_secret
from ...operations.rotation.ssh_key import check_keys, rotate_ssh_key
from ...transport.public_key import NoPublicKeyError, PublicKey
from .. import exit_codes
from ..asking import confirm, require_answer
from ..frame import changing
from ..local_paths import GIVEN_FILE
from ..lock_wait import lock_wait_option
from ..options import (
    host_key_option,
    inventory_option,
    json_option,
    limit_option,
    load_or_exit,
    yes_option,
)
from ..selection import chosen


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


@rotate.command("ssh-key", short_help="Exchange the key by which you log in to the hosts.")
@inventory_option
@limit_option
@host_key_option
@lock_wait_option
@click.option("--old", required=True, type=GIVEN_FILE, help="The key that lets you in now.")
@click.option("--new", required=True, type=GIVEN_FILE, help="The key that is to replace it.")
@yes_option
@json_option
def ssh_key(
    inventory: Path,
    limit: tuple[str, ...],
    accept_new_host_keys: bool,
    old: Path,
    new: Path,
    yes: bool,
    as_json: bool,
) -> None:
    """Exchange the key by which you log in to the hosts.

    First every host lets the new key in beside the old one, with the same options in its
    authorized_keys, and proves it by a login with the new one alone. Once all have, the old one is
    taken away: a host puts it back by itself unless a new connection has come without it. While
    the inventory or ssh_config(5) names the old key, it stays, and you are told.

    Either key comes in at any moment. One that was cut is continued by the same command. Other
    keys, and those of other operators, stay as they are.

    JSON: {"run": id, "ok": bool, "hosts": {name: {"outcome", "message"}}, "skipped": {name:
    reason}, "notes": [str]}, the hosts as they went in the last phase that was begun.

    Exit status: 0 done, or as far as the inventory lets it be, 1 refused, or a host failed (the
    same command continues), 2 wrong inventory or command line, 130 interrupted.
    """
    require_answer(yes=yes)
    cluster = Cluster(load_or_exit(inventory), inventory)
    names = chosen(cluster.inventory, limit)
    try:
        old_key, new_key = PublicKey.of_file(old), PublicKey.of_file(new)
    except NoPublicKeyError as error:
        raise click.UsageError(str(error)) from None
    check_keys(old_key, new_key)
    console = Console(stderr=as_json)

    def agree(told: str) -> None:
        console.print(Text(told), soft_wrap=True)
        confirm("Exchange the key?", yes=yes, err=as_json)

    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, yes=yes, as_json=as_json
    ) as op:
        op.run.ok = rotate_ssh_key(op, old_key, new_key, names, agree)
    raise SystemExit(exit_codes.OK if op.run.ok else exit_codes.FAILED)
