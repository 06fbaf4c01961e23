"""Jump hosts as they are written: ``[user@]host[:port]``, separated by commas (ssh(1), -J)."""

import re
from dataclasses import dataclass

from .base import TransportError

_HOP = re.compile(
    r"(?:(?P<user>[^@]+)@)?(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\s\[\]]+))(?::(?P<port>\d{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class Hop:
    """One jump host; what is None is for ssh_config to say."""

    host: str
    port: int | None
    user: str | None


def hops(name: str, jump: str) -> list[Hop]:
    """The jump hosts of the host ``name``, in the order in which they are passed.

    Raises ``TransportError``.
    """
    return [_hop(name, text.strip()) for text in jump.split(",")]


def _hop(name: str, text: str) -> Hop:
    match = _HOP.fullmatch(text)
    if match is None:
        raise TransportError(f"{name}: jump host {text!r} is not [user@]host[:port]")
    port = int(match["port"]) if match["port"] else None
    return Hop(match["v6"] or match["host"], port, match["user"])
