"""Command-line options of a rolling upgrade."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..operations.rolling_upgrade.options import slow_steps
from ..operations.rolling_upgrade.ordering import WORDS
from .notify_options import NOTIFY_OPTIONS
from .run_values import BATCH, COUNT, TIME, Read, max_out_option

F = TypeVar("F", bound=Callable[..., Any])


_OPTIONS = (
    click.option(
        "--batch",
        type=BATCH,
        default="1",
        show_default=True,
        help="Nodes at a time: a number, a share, or a label (rack: one rack at a time).",
    ),
    max_out_option("nodes"),
    click.option(
        "--max-fail",
        type=COUNT,
        default=0,
        show_default=True,
        help="Nodes that may fail before the run stops.",
    ),
    click.option(
        "--canary",
        type=COUNT,
        default=1,
        show_default=True,
        help="Nodes that go first, one by one, and are watched longer.",
    ),
    click.option(
        "--soak",
        type=TIME,
        default="90s",
        show_default=True,
        help="How long a canary is watched.",
    ),
    click.option(
        "--soak-rest",
        type=TIME,
        default="15s",
        show_default=True,
        help="How long each of the others is watched.",
    ),
    click.option(
        "--order",
        default="inventory",
        show_default=True,
        metavar="|".join(WORDS) + "|HOST,...",
        help="Order of the nodes.",
    ),
    click.option(
        "--drain-timeout",
        type=TIME,
        default="300s",
        show_default=True,
        help="How long to wait for a node's jobs and streams.",
    ),
    click.option(
        "--on-deadline",
        type=click.Choice(["wait", "kill", "stop"]),
        default="stop",
        show_default=True,
        help="Then: keep waiting, end what is left, or roll the node back and stop.",
    ),
    click.option(
        "--slow-start",
        type=Read("steps", slow_steps),
        default="",
        metavar="10,50|10:30s,50:1m",
        help="Give the weight back in these shares (percent).",
    ),
    click.option(
        "--restart-directors",
        is_flag=True,
        help="Restart Keepalived too: backup, switch-over, former master.",
    ),
    click.option(
        "--upgrade-packages",
        is_flag=True,
        help="Newest packages of Keepalived and ipvsadm on the directors.",
    ),
    click.option(
        "--force",
        is_flag=True,
        help="Also below the quorum, the last healthy one, or without a director (edge) away.",
    ),
)


def how_options(command: F) -> F:
    """Add options for every field of ``UpgradeOptions``, and for whom to notify."""
    for option in reversed((*_OPTIONS, *NOTIFY_OPTIONS)):
        command = option(command)
    return command
