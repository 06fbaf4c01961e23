"""A time limit that several waits share."""

import time

_LEAST = 0.01


class Deadline:
    """Counts down from ``seconds``; ``math.inf`` never ends."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._begun = time.monotonic()
        self._end = self._begun + seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    @property
    def left(self) -> float:
        """Seconds left, never 0: to a socket that would mean not to wait at all."""
        return max(self._end - time.monotonic(), _LEAST)

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end
