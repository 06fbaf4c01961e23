"""Prints for machines."""

import codecs
import json
import re
import sys

import click

_OBEYED = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def print_json(record: object, *, indent: int | None = 2) -> None:
    """One JSON value on standard output, in UTF-8, or in ASCII where that has another encoding."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    plain = codecs.lookup(encoding).name != "utf-8"
    text = json.dumps(record, ensure_ascii=plain, indent=indent)
    # JSON takes these as they are, and so would a terminal.
    click.echo(_OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
