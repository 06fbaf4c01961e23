"""The app, packed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReleaseArchive:
    """A gzipped tar that holds the Python package ``app``, under an id made from its content."""

    id: str
    data: bytes
