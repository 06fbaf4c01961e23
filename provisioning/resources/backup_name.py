"""File name under which a resource's original state is backed up on its host."""

from hashlib import sha256
from urllib.parse import quote

_LONGEST = 200
"""Bytes; file names end at 255 and ``,absent`` or ``,new`` is appended."""


def backup_name(id: str) -> str:
    """The file name for a resource's id: readable, unique, and without a comma or a slash."""
    name = quote(id, safe="")
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 64]}{sha256(name.encode()).hexdigest()}"
