"""Parts that commands share whose run is saved at every step, and can be paused and resumed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from click.core import ParameterSource

from ..operations.notifying.hook import HookSyntaxError
from ..operations.rolling.result import Outcome
from ..operations.rolling_upgrade.options import OptionError
from . import exit_codes

EXIT_STATUSES = {
    Outcome.DONE: exit_codes.OK,
    Outcome.FAILED: exit_codes.FAILED,
    Outcome.PAUSED: exit_codes.PAUSED,
}


def typed_options(context: click.Context, how: dict[str, Any]) -> dict[str, Any]:
    """Select the options that were typed: those that a run which is resumed gets anew."""
    typed = ParameterSource.COMMANDLINE
    return {name: how[name] for name in how if context.get_parameter_source(name) is typed}


@contextmanager
def usage_errors() -> Iterator[None]:
    """Report options and hooks that cannot be parsed as errors of the command line."""
    try:
        yield
    except (OptionError, HookSyntaxError) as error:
        raise click.UsageError(str(error)) from None
