"""Command-line options of a maintenance."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..operations.rolling_upgrade.ordering import WORDS
from .notify_options import NOTIFY_OPTIONS
from .run_values import BATCH, COUNT, TIME, max_out_option

F = TypeVar("F", bound=Callable[..., Any])


def _time(name: str, default: str, text: str) -> Callable[[F], F]:
    return click.option(name, type=TIME, default=default, show_default=True, help=text)


def _count(name: str, default: int, text: str) -> Callable[[F], F]:
    return click.option(name, type=COUNT, default=default, show_default=True, help=text)


_HOW = (
    click.option(
        "--batch",
        type=BATCH,
        default="1",
        show_default=True,
        help="Real servers at a time: a number, a share, or a label (rack: one rack at a time).",
    ),
    max_out_option("real servers"),
    _count("--max-fail", 0, "Real servers that may fail before the run stops."),
    _count("--canary", 1, "Real servers that go first, one by one, and are watched longer."),
    _time("--soak", "60s", "How long a canary is watched."),
    _time("--soak-rest", "15s", "How long each of the others is watched."),
    click.option(
        "--order",
        default="inventory",
        show_default=True,
        metavar="|".join(WORDS) + "|HOST,...",
        help="Order of the real servers.",
    ),
    _time("--drain-timeout", "300s", "How long to wait for a host's jobs and streams."),
    click.option(
        "--on-deadline",
        type=click.Choice(["wait", "kill", "stop"]),
        default="stop",
        show_default=True,
        help="Then: keep waiting, end what is left, or leave the host as it is and stop.",
    ),
    _time("--run-timeout", "1h", "How long the command may take; it is not ended then."),
    _time("--reboot-timeout", "15m", "How long a reboot may take."),
    click.option(
        "--force",
        is_flag=True,
        help="Go on against objections: quorum, capacity, disagreeing directors.",
    ),
)


def maintenance_options(command: F) -> F:
    """Add options for every field of ``MaintenanceOptions``, and for whom to notify."""
    for option in reversed((*_HOW, *NOTIFY_OPTIONS)):
        command = option(command)
    return command
