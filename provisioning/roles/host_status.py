"""Status of a host in a role that stands by itself: no rule compares it with other hosts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..facts.served_certificate import ServedCertificate
from ..model.cluster_record import ClusterRecord


@dataclass(frozen=True, slots=True)
class Cell:
    """A word for people."""

    text: str
    good: bool = True


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host as it was seen."""

    record: Mapping[str, Any]
    """For ``cluster status --json``: keys are only ever added."""
    cells: Mapping[str, Cell]
    """For people, by heading; the same headings for every host."""
    faults: tuple[tuple[str, str], ...] = field(default=())
    """Texts and fixes, as a ``Fault`` has them."""
    certificate: ServedCertificate | None = None
    """The one it shows to clients, where it ends TLS."""
    remembers: ClusterRecord | None = None
    """Its record of the cluster, where it keeps one."""
    held_by: str = ""
    """The run that changes it now; empty where none does, or it keeps no record."""
