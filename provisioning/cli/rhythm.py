"""``--forks``, ``--batch`` and ``--max-fail`` of commands that do the same on many hosts."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..operations.executing.batches import Rhythm
from ..operations.rolling_upgrade.options import OptionError, batch_size

F = TypeVar("F", bound=Callable[..., Any])


def rhythm_options(command: F) -> F:
    """The options, as ``forks``, ``batch`` and ``max_fail``."""
    for option in (
        click.option(
            "--max-fail",
            type=click.IntRange(min=0),
            help="Hosts that may fail before no further batch begins.  [default: any number]",
        ),
        click.option(
            "--batch",
            metavar="N|%",
            help="Hosts of a batch; the next begins when all of it have ended.  "
            "[default: all, with --max-fail as many as --forks]",
        ),
        click.option(
            "--forks", type=click.IntRange(min=1), help="Hosts at a time.  [default: inventory]"
        ),
    ):
        command = option(command)
    return command


def rhythm_of(names: list[str], *, forks: int, batch: str | None, max_fail: int | None) -> Rhythm:
    """The rhythm for these hosts. Raises a usage error."""
    try:
        whole = forks if max_fail is not None else max(1, len(names))
        size = batch_size(batch, len(names)) if batch is not None else whole
    except OptionError as error:
        raise click.UsageError(f"--batch: {str(error).removesuffix(', or a label')}") from None
    return Rhythm(size, max_fail)
