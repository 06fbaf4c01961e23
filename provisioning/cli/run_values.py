"""Types of options of runs that go host by host."""

from collections.abc import Callable
from typing import Any

import click

from ..operations.notifying.hook import HookSyntaxError
from ..operations.rolling_upgrade.options import OptionError, batch_label, batch_size, duration


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


BATCH = Read("N|%|LABEL", _batch)
TIME = Read("time", duration)
"""In seconds, once parsed."""
COUNT = click.IntRange(min=0)
