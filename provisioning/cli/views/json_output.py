"""Prints for machines."""

import codecs
import json
import sys

import click


def print_json(record: object, *, indent: int | None = 2) -> None:
    """One JSON value on standard output, in UTF-8, or in ASCII where that has another encoding."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    plain = codecs.lookup(encoding).name != "utf-8"
    click.echo(json.dumps(record, ensure_ascii=plain, indent=indent))
