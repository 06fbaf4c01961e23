"""Quote values into calls of shell functions."""

from shlex import quote


def quote_call(function: str, *arguments: str) -> str:
    """A line of shell that calls ``function`` with these arguments, whatever they hold."""
    return " ".join([function, *map(quote, arguments)])
