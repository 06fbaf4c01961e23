"""Options that many commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..model.inventory import Inventory
from ..model.loader.diagnostic import InventoryError
from ..model.loader.load import read_inventory
from ..model.secrets.secret_program import on_printed
from . import exit_codes
from .local_paths import GIVEN_FILE
from .seconds import Seconds
from .verbosity import learn_secrets, logging_is_on
from .views.diagnostics import counted
from .wrong_inventory import WrongInventoryError

F = TypeVar("F", bound=Callable[..., Any])


def inventory_option(command: F) -> F:
    """``-i``: the inventory's path, as ``inventory``."""
    return click.option(
        "-i",
        "--inventory",
        type=click.Path(path_type=Path),
        default="inventory.yaml",
        envvar="CLUSTER_INVENTORY",
        show_default=True,
        show_envvar=True,
        help="The inventory: a file, a program that prints one, or - for standard input.",
    )(command)


def limit_option(command: F) -> F:
    """``--limit``: what hosts are chosen by, as ``limit``."""
    return click.option(
        "-l",
        "--limit",
        multiple=True,
        metavar="HOSTS[,...]",
        help="Only these hosts: names, groups, rs*, rs[001-020], labels (rack=r1), or all but some "
        "(!rs007). May be given several times.",
    )(command)


def host_key_option(command: F) -> F:
    """``--accept-new-host-keys``, as ``accept_new_host_keys``."""
    return click.option(
        "--accept-new-host-keys",
        is_flag=True,
        help="Learn the SSH host keys of hosts not seen before. A changed key is refused.",
    )(command)


def bundle_option(command: F) -> F:
    """``--bundle``: a bundle's path, as ``bundle``."""
    return click.option(
        "--bundle",
        type=GIVEN_FILE,
        help="Take everything from a bundle (`cluster bundle create`); nothing needs the internet.",
    )(command)


def yes_option(command: F) -> F:
    """``--yes``, as ``yes``."""
    return click.option(
        "--yes", is_flag=True, help="Do not ask. Needed where there is no terminal."
    )(command)


def batch_option(text: str) -> Callable[[F], F]:
    """``--batch``: hosts at a time, as ``batch``; ``text`` says of what."""
    return click.option(
        "--batch", type=click.IntRange(min=1), default=1, show_default=True, help=text
    )


def max_fail_option(text: str) -> Callable[[F], F]:
    """``--max-fail``, as ``max_fail``; ``text`` says what is left alone after so many."""
    return click.option(
        "--max-fail", type=click.IntRange(min=0), default=0, show_default=True, help=text
    )


def drain_timeout_option(text: str) -> Callable[[F], F]:
    """``--drain-timeout`` in seconds, as ``drain_timeout``; ``text`` says for what."""
    return click.option(
        "--drain-timeout", type=Seconds(), default=300.0, show_default=True, help=text
    )


def json_option(command: F) -> F:
    """``--json``, as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


def force_option(text: str) -> Callable[[F], F]:
    """``--force``, as ``force``; ``text`` says what it overcomes."""
    return click.option("--force", is_flag=True, help=text)


WITHOUT_A_DIRECTOR = "Go on without a director or an edge that cannot be reached."
"""Help of ``--force`` where directors only have to be told: what it overcomes."""
LAST_HEALTHY = "Also the last healthy one, below the quorum, and with jobs left at the deadline."
"""Help of ``--force`` where nodes are taken out of service: what it overcomes."""


def load_or_exit(path: Path, status: int = exit_codes.INVALID) -> Inventory:
    """The inventory. Raises ``WrongInventoryError``, which ends the command with ``status``."""
    try:
        reading = read_inventory(path)
    except InventoryError as error:
        raise WrongInventoryError(path, error.diagnostics, status) from None
    if logging_is_on():
        # Imported for this alone; it takes a while.
        from ..operations.cluster.cluster import Cluster
        from ..operations.support_bundle.known_secrets import known_secrets

        here = Cluster(reading.inventory, path)

        context = click.get_current_context()

        def learn() -> None:
            # Threads have no context of their own.
            with context.scope(cleanup=False):
                learn_secrets(known_secrets(here, asks=False))

        learn()
        on_printed(learn)
    if reading.warnings:
        note = f"{path}: {counted(reading.warnings)}; `cluster validate` shows them"
        click.secho(note, fg="yellow", err=True)
    return reading.inventory
