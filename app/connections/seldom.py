"""Say what happens thousands of times a second once in a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass

INTERVAL = 10.0
"""Seconds."""


@dataclass(slots=True)
class Seldom:
    """Lets one in ten seconds through, and counts the others."""

    now: Callable[[], float] = time.monotonic
    _next: float = float("-inf")
    _kept_back: int = 0

    def count(self) -> int:
        """How often it happened since it was last told, this time included; 0 is: do not tell."""
        self._kept_back += 1
        if self.now() < self._next:
            return 0
        self._next = self.now() + INTERVAL
        counted, self._kept_back = self._kept_back, 0
        return counted
