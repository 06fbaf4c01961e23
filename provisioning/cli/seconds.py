"""Durations on the command line."""

import math
from typing import Any

import click


class Seconds(click.FloatRange):
    """A number of seconds, 0 or more. ``nan`` and ``inf`` are numbers for Python, and waits that
    never begin or never end here: they are refused."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Raises ``click.BadParameter``."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number of seconds, such as 90", param, ctx)
        return super().convert(number, param, ctx)
