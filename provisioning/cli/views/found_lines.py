"""Lines that a search in logs found."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from .json_output import print_json

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""What a terminal would obey, or a reader take for the end of a line."""
_STYLES = {"error": "red", "warning": "yellow"}


def print_found(records: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """An object a line, or for people: time on this machine's clock, host, service, line."""
    if as_json:
        for record in records:
            print_json(record, indent=None)
        return
    console = Console(soft_wrap=True, highlight=False)
    width = max((len(record["host"]) for record in records), default=0)
    for record in records:
        at = datetime.fromisoformat(record["time"]).astimezone()
        line = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", record["line"])
        console.print(
            Text.assemble(
                (f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} ", "dim"),
                (f"{record['host']:<{width}} ", "cyan"),
                (f"{record['service']} ", "dim"),
                (line, _STYLES.get(record["level"], "")),
            )
        )
    if not records:
        click.echo("nothing was found", err=True)
