"""Types of options of runs that go host by host."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ..operations.notifying.hook import HookSyntaxError
from ..operations.rolling_upgrade.options import (
    OptionError,
    batch_label,
    batch_size,
    duration,
    most_out,
)

F = TypeVar("F", bound=Callable[..., Any])


class Read(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """Option whose value is parsed by a function."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse the value; fail as click does."""
        try:
            return self._read(value) if isinstance(value, str) else value
        except (OptionError, HookSyntaxError) as error:
            self.fail(str(error), param, ctx)


def _batch(text: str) -> str:
    # Their number depends on the inventory, and so do labels.
    if not batch_label(text):
        batch_size(text, 1)
    return text


def _max_out(text: str) -> str:
    most_out(text, 1)
    return text


BATCH = Read("N|%|LABEL", _batch)
TIME = Read("time", duration)
"""In seconds, once parsed."""
COUNT = click.IntRange(min=0)


def max_out_option(members: str) -> Callable[[F], F]:
    """Add ``--max-out``: a sliding window over these members of a run."""
    return click.option(
        "--max-out",
        type=Read("N|%", _max_out),
        callback=lambda context, param, value: value or "",
        help=f"Instead of batches: {members} out at any time; the next begins when one is back.",
    )


def require_one_pace(given: Mapping[str, Any]) -> None:
    """Raise a usage error where a command line has batches and a window."""
    if given.get("batch") and given.get("max_out"):
        raise click.UsageError(
            "--batch and --max-out exclude each other: batches end together, a window goes on when "
            "one is back"
        )
