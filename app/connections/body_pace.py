"""Pace of a request's body, and of an answer that is taken."""

from dataclasses import dataclass


@dataclass(slots=True)
class BodyPace:
    """A client's credit of time: waiting takes of it, bytes give it back. So a body, or an answer,
    may stand still for as long as the whole credit, and has to keep the rate in the long run."""

    most: float
    """Seconds."""
    rate: float
    """Bytes that are worth a second."""
    left: float = 0
    """Seconds; a new body has them all."""

    def begin(self) -> None:
        """Start with full credit."""
        self.left = self.most

    def came(self, size: int) -> None:
        """Count bytes that came."""
        self.left = min(self.left + size / self.rate, self.most)

    def waited(self, seconds: float) -> bool:
        """Count time in which the client was waited for; whether there is credit left."""
        self.left -= seconds
        return self.left > 0
