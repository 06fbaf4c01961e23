"""How a host's clock stands to this machine's, from the look that is taken anyway. Pure."""

from dataclasses import dataclass

from provisioning.resources.base import Observation

LOOK = "date +%s.%N"
"""Fragment to put first and last in a host's script."""


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


def compare(first: Observation, last: Observation, sent: float, came: float) -> Clock | None:
    """The clock of a host whose script was sent and answered at these times of this machine;
    nothing where its ``date`` does not say."""
    try:
        began, ended = float(first.stdout), float(last.stdout)
    except ValueError:
        return None
    return Clock(ended - came, began - sent, max(0.0, (came - sent) - (ended - began)))
