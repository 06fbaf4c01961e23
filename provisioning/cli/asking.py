"""Asks before something is done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click


def require_answer(*, yes: bool) -> None:
    """A usage error where nobody can be asked and ``--yes`` was not said."""
    if not (yes or sys.stdin.isatty()):
        raise click.UsageError("there is no terminal to ask on; say --yes")


def confirm(question: str, *, yes: bool, err: bool = False) -> None:
    """Goes on after ``--yes`` or a yes. Raises ``click.Abort`` after a no, and as Ctrl-C does
    everywhere ``KeyboardInterrupt``."""
    require_answer(yes=yes)
    if yes:
        return
    with interruptible():
        agreed = click.confirm(question, err=err)
    if not agreed:
        raise click.Abort("the answer was no")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C at a prompt is a ``KeyboardInterrupt``; click makes the same of it as of a no."""
    try:
        yield
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
