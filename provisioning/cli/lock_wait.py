"""``--lock-wait``: patience with another run that holds the cluster."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..operations.run.waiting import Waiting
from .seconds import Seconds
from .working import take_note

F = TypeVar("F", bound=Callable[..., Any])
_KEY = f"{__name__}.seconds"


def lock_wait_option(command: F) -> F:
    """``--lock-wait``, for ``changing`` to heed: the command itself is not given it."""
    return click.option(
        "--lock-wait",
        type=Seconds(),
        default=0.0,
        show_default=True,
        envvar="CLUSTER_LOCK_WAIT",
        show_envvar=True,
        metavar="SECONDS",
        expose_value=False,
        callback=_remember,
        help="Wait so long for another run that holds the cluster, instead of ending at once.",
    )(command)


def waiting() -> Waiting:
    """Patience as it was typed."""
    context = click.get_current_context(silent=True)
    return Waiting(context.meta.get(_KEY, 0.0) if context else 0.0, take_note)


def _remember(context: click.Context, _: click.Parameter, seconds: float) -> None:
    context.meta[_KEY] = seconds
