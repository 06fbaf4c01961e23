"""Command-line options of a maintenance."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..operations.notifying.hook import CommandHook, WebHook
from ..operations.rolling_upgrade.options import batch_label, batch_size, duration
from ..operations.rolling_upgrade.ordering import WORDS
from .upgrade_options import Read

F = TypeVar("F", bound=Callable[..., Any])


def _batch(text: str) -> str:
    # Their number depends on the inventory, and so do labels.
    if not batch_label(text):
        batch_size(text, 1)
    return text


_TIME = Read("time", duration)
_COUNT = click.IntRange(min=0)


def _time(name: str, default: str, text: str) -> Callable[[F], F]:
    return click.option(name, type=_TIME, default=default, show_default=True, help=text)


def _count(name: str, default: int, text: str) -> Callable[[F], F]:
    return click.option(name, type=_COUNT, default=default, show_default=True, help=text)


_HOW = (
    click.option(
        "--batch",
        type=Read("N|%|LABEL", _batch),
        default="1",
        show_default=True,
        help="Real servers at a time: a number, a share, or a label (rack: one rack at a time).",
    ),
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

_HOOKS = (
    click.option(
        "--notify-command",
        type=Read("program", CommandHook.parse),
        help="Gets a JSON object on standard input at start, finish and failure.",
    ),
    click.option(
        "--webhook",
        type=Read("url", WebHook.parse),
        envvar="CLUSTER_WEBHOOK",
        show_envvar=True,
        help="Gets the same object by POST.",
    ),
)


def maintenance_options(command: F) -> F:
    """Add options for every field of ``MaintenanceOptions``, and for hooks."""
    for option in reversed((*_HOW, *_HOOKS)):
        command = option(command)
    return command
