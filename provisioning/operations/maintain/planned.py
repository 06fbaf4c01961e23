"""A planned maintenance, as it is shown before anything is done. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .state import Maintenance


@dataclass(frozen=True, slots=True)
class Planned:
    """A maintenance that can begin."""

    state: Maintenance
    notes: tuple[str, ...]
    """For the operator."""
    out: Mapping[int, int]
    """Percent of the weight now that each batch of real servers takes out of service, by number."""

    def with_notes(self, notes: tuple[str, ...]) -> "Planned":
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))
