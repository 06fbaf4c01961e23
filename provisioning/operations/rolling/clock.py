"""Clock of a run; tests replace it."""

import threading
import time
from typing import Protocol


class ClockStoppedError(Exception):
    """The run is over; its sleepers end."""


class Clock(Protocol):
    """Monotonic time that can be slept away."""

    def now(self) -> float:
        """Return seconds since some moment; they never decrease."""

    def sleep(self, seconds: float) -> None:
        """Sleep. Raises ``ClockStoppedError`` once ``stop`` was called."""

    def stop(self) -> None:
        """End all sleep, now and later."""


class WallClock:
    """``Clock`` of this machine."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if self._over.wait(seconds):
            raise ClockStoppedError

    def stop(self) -> None:
        self._over.set()
