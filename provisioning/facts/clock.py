"""Difference of a host's clock to this machine's, from the look that is taken anyway. Pure."""

from dataclasses import dataclass

from provisioning.facts.fact import Fact
from provisioning.resources.base import Observation

_COMMAND = "date +%s.%N"


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds by which a clock is ahead of this machine's: something between the two."""

    least: float
    most: float
    delay: float
    """Seconds that the look took beyond its work on the host: the way there and back."""

    @property
    def middle(self) -> float:
        """The best guess."""
        return (self.least + self.most) / 2


def compare(began: float | None, ended: float | None, sent: float, came: float) -> Clock | None:
    """The clock of a host that read it first and last in a script that was sent and answered at
    these times of this machine; nothing where its ``date`` did not tell."""
    if began is None or ended is None:
        return None
    return Clock(ended - came, began - sent, max(0.0, (came - sent) - (ended - began)))


def _time(found: Observation) -> float | None:
    try:
        return float(found.stdout)
    except ValueError:
        return None


FIRST = Fact("clock.first", _COMMAND, _time)
"""Unix time; to be asked first in a host's script."""
LAST = Fact("clock.last", _COMMAND, _time)
"""Unix time; to be asked last in a host's script."""
