"""A decoded recording."""

from dataclasses import dataclass

from app.engines.interface import Samples


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound as it was recorded, mixed to one channel."""

    samples: Samples
    """Mono, full scale is 1."""
    rate: int
    """Hz."""
    channels: int
    """How many there were before mixing."""
    peak: float
    """The greatest absolute sample of any channel."""
    clipping: float
    """Share of all samples, 0 to 1, that stand at full scale."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate
