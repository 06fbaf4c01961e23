"""Command-line options for programs and addresses that are notified of a run."""

import click

from ..operations.notifying.hook import CommandHook, WebHook
from .run_values import Read

NOTIFY_OPTIONS = (
    click.option(
        "--notify-command",
        type=Read("command", CommandHook.parse),
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
