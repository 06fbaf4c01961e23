"""Time, as an upgrade needs it; tests have one of their own."""

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that pass."""

    def now(self) -> float:
        """Seconds since some moment; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class WallClock:
    """The real one."""

    def now(self) -> float:
        """As ``time.monotonic``."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """As ``time.sleep``."""
        time.sleep(seconds)
