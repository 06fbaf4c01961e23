"""The files of TLS that hosts are given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Texts in PEM. Both hold private keys."""

    certificate: str
    """Key and chain, for the hosts that end TLS."""
    authority: str | None = None
    """The cluster's own authority, for the hosts of its way in to keep (``model.way_in``);
    ``None`` where it has none."""
