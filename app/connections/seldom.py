"""Say what happens thousands of times a second once in a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass

INTERVAL = 10.0
"""Seconds."""


@dataclass(slots=True)
class Seldom:
    """Throttle that lets one occurrence in ten seconds through, and counts the others."""

    now: Callable[[], float] = time.monotonic
    _next: float = float("-inf")
    _kept_back: int = 0

    def count(self) -> int:
        """Count an occurrence and return how many to report, this one included; 0 means: do not
        report."""
        self._kept_back += 1
        if self.now() < self._next:
            return 0
        self._next = self.now() + INTERVAL
        counted, self._kept_back = self._kept_back, 0
        return counted
