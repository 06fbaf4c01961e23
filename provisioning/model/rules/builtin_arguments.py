"""Arguments for the app that comes with this program."""

import re
from collections.abc import Iterator
from importlib import import_module

import click

from ...companions import companion
from .finding import Context, Finding

_PATH = ("app", "arguments")


def known_to_the_app(context: Context) -> Iterator[Finding]:
    """Find what the app's own command line refuses; it would keep every node from starting."""
    app = context.inventory.app
    if app.source != "builtin" or not app.arguments:
        return
    try:
        # Not at the top: most inventories have no arguments, and need not wait for it.
        main = import_module(f"{companion('app')}.cli").main
    except ImportError:
        # Without the app's own packages; its nodes will tell.
        return
    try:
        # Unknown names and missing values are found; values are not looked at: they may name
        # files of the nodes.
        main.make_parser(click.Context(main)).parse_args(list(app.arguments))
    except click.UsageError as error:
        yield Finding(_place(app.arguments, error), *_words(error), allowed="see docs/node.md")


def _place(arguments: list[str], error: click.UsageError) -> tuple[str | int, ...]:
    name = getattr(error, "option_name", "")
    found = (n for n, argument in enumerate(arguments) if name and argument.split("=")[0] == name)
    index = next(found, None)
    return _PATH if index is None else (*_PATH, index)


def _words(error: click.UsageError) -> tuple[str, str]:
    if isinstance(error, click.NoSuchOption):
        likely = " or ".join(error.possibilities or ())
        return (
            f"the app has no option {error.option_name}",
            f"did you mean {likely}?" if likely else "remove it",
        )
    said = re.sub(r"\.$", "", error.message)
    return f"the app would not start: {said}", "give it its value, or remove it"
