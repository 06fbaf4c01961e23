"""The files of TLS that hosts are given."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogFiles:
    """By which a log host and those that send to it know each other, in PEM."""

    trusted: str
    """The certificate of the authority that vouches for all of them."""
    certificates: Mapping[str, str]
    """Key and certificate of each host, by its name."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Texts in PEM. They hold private keys."""

    certificate: str | None
    """Key and chain, for the hosts that end TLS; ``None`` where this program brings none."""
    authority: str | None = None
    """The cluster's own authority, for the hosts of its way in to keep (``model.way_in``);
    ``None`` where it has none."""
    logs: LogFiles | None = None
    """For central logs; ``None`` without them."""
