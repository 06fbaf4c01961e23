"""Time, as an upgrade needs it; tests have one of their own."""

import threading
import time
from typing import Protocol


class WokenError(Exception):
    """The run is over, and nobody waits for the sleeper any more."""


class Clock(Protocol):
    """Seconds that pass."""

    def now(self) -> float:
        """Seconds since some moment; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Waits. Raises ``WokenError`` once ``wake`` was called."""

    def wake(self) -> None:
        """Ends all sleep, now and later."""


class WallClock:
    """The real one."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def now(self) -> float:
        """As ``time.monotonic``."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See ``Clock``."""
        if self._over.wait(seconds):
            raise WokenError

    def wake(self) -> None:
        """See ``Clock``."""
        self._over.set()
