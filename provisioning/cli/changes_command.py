"""Commands whose exit status 2 says that hosts differ from the inventory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from . import exit_codes


class ChangesCommand(click.Command):
    """A command that shows changes, always or with ``--check``: a wrong command line is then
    status 1, so that 2 keeps one meaning."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Reads the options."""
        has_check = any("--check" in one.opts for one in self.params)
        if has_check and "--check" not in args:
            return super().make_context(info_name, args, parent, **extra)
        with _wrong_is_failed():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it."""
        if ctx.params.get("check", True):
            with _wrong_is_failed():
                return super().invoke(ctx)
        return super().invoke(ctx)


class _FailedError(click.UsageError):
    exit_code = exit_codes.FAILED


@contextmanager
def _wrong_is_failed() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise _FailedError(error.format_message(), error.ctx) from None
