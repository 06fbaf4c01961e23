"""``-v`` and ``--debug``: a log of connections and scripts, on standard error."""

import contextlib
import logging
import sys
from collections.abc import Iterable
from typing import IO, TypeVar

import click

from provisioning.model.loader.excerpt import printable
from provisioning.operations.support_bundle.redaction import Redactor

_PACKAGE = __name__.partition(".cli.")[0]
_LIBRARY = "paramiko"
_KEY = __name__

C = TypeVar("C", bound=click.Command)


def log_options() -> list[click.Option]:
    """``-v`` and ``--debug``; what they ask for holds until the program's context ends."""
    return [
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_verbose,
            help="Log connections, channels and scripts to standard error.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_debug,
            help="Log the text of scripts as well, without secrets.",
        ),
    ]


def with_log_options(command: C) -> C:
    """The command and those below it with the options, unless it hands unknown ones on."""
    known = {option for one in command.params for option in one.opts}
    if not (command.ignore_unknown_options or "--debug" in known):
        command.params += log_options()
    if isinstance(command, click.Group):
        for below in command.commands.values():
            with_log_options(below)
    return command


def logging_is_on() -> bool:
    """True if anything is logged."""
    return _handler() is not None


def learn_secrets(secrets: Iterable[str]) -> None:
    """Keep these values out of the log."""
    if (handler := _handler()) is not None:
        handler.redactor = Redactor(secrets)


def _verbose(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        _log_at(context, logging.INFO)


def _debug(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        _log_at(context, logging.DEBUG)


def _log_at(context: click.Context, level: int) -> None:
    # The meta of a context is that of all around it.
    handler = context.meta.get(_KEY)
    if handler is None:
        handler = context.meta[_KEY] = _StandardError()
        context.find_root().call_on_close(lambda: _end(handler))
    handler.setLevel(min(level, handler.level or level))
    names = [_PACKAGE, *([_LIBRARY] if level == logging.DEBUG else [])]
    for logger in map(logging.getLogger, names):
        logger.setLevel(handler.level)
        logger.addHandler(handler)


def _end(handler: logging.Handler) -> None:
    for logger in map(logging.getLogger, (_PACKAGE, _LIBRARY)):
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def _handler() -> "_StandardError | None":
    context = click.get_current_context(silent=True)
    return context.meta.get(_KEY) if context is not None else None


class _StandardError(logging.Handler):
    """Lines of seconds, room and message; further lines of a message are indented."""

    def __init__(self) -> None:
        super().__init__()
        self.redactor = Redactor([])
        self._stream = sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, with neither secrets nor anything that a terminal would act on."""
        room = record.name.removeprefix(f"{_PACKAGE}.")
        first, *more = self.redactor.clean(record.getMessage()).expandtabs().splitlines() or [""]
        lines = [f"[{record.relativeCreated / 1000:8.2f}s] {room}: {first}"]
        lines += [f"    | {line}" for line in more]
        text = "".join(f"{printable(line)}\n" for line in lines)
        # As with every message: an output that is gone is no reason to stop a run.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream = self._place()
            stream.write(text)
            stream.flush()

    def _place(self) -> IO[str]:
        """A live table takes over standard error, to print above itself. Only on a terminal is
        that wanted: a file is to have the log."""
        return sys.stderr if self._stream.isatty() else self._stream
