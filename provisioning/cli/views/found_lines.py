"""Lines that a search in logs found."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from .json_output import print_json
from .terminal_text import shown

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
        console.print(
            Text.assemble(
                (f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} ", "dim"),
                (f"{shown(record['host']):<{width}} ", "cyan"),
                (f"{shown(record['service'])} ", "dim"),
                (shown(record["line"]), _STYLES.get(record["level"], "")),
            )
        )
    if not records:
        click.echo("nothing was found", err=True)
