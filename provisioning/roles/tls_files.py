"""The files of TLS that hosts are given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Texts in PEM. Both hold private keys."""

    certificate: str
    """Key and chain, for the hosts that end TLS."""
    authority: str | None = None
    """The cluster's own authority, for the directors to keep, or the edges where there are none; ``None`` where it has none."""
