"""``--skip-hooks``: a reason to go on without the inventory's hooks."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
_KEY = f"{__name__}.reason"


def skip_hooks_option(command: F) -> F:
    """``--skip-hooks``, for ``changing`` to heed: the command itself is not given it."""
    return click.option(
        "--skip-hooks",
        metavar="REASON",
        expose_value=False,
        callback=_remember,
        help="Run none of the inventory's hooks; the history keeps the reason.",
    )(command)


def skip_reason() -> str:
    """The reason as it was typed; empty where hooks are run."""
    context = click.get_current_context(silent=True)
    return str(context.meta.get(_KEY, "")) if context else ""


def _remember(context: click.Context, option: click.Parameter, reason: str | None) -> None:
    if reason is not None and not reason.strip():
        raise click.BadParameter("say why", context, option)
    context.meta[_KEY] = (reason or "").strip()
