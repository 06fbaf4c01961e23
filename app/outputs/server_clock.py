"""The time of day by the clock that all nodes share: the file server's.

Names of outputs sort by time, and those of several nodes make one history. Their own clocks may
differ by minutes or days; but what they write has its last change by the server's clock, so each
knows what that one shows, and tells the time by it between two writings, whatever happens to its
own.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

_SLACK = 1.0
"""Seconds by which a writing may contradict what is known: file systems keep times roughly, and two
outputs of one node are not to change places by that."""


def _steady() -> float:
    # Goes on while the machine is suspended.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ServerClock:
    """The file server's clock as one node knows it; until the first writing the node's own.
    ``steady`` never jumps."""

    def __init__(self, steady: Callable[[], float] = _steady) -> None:
        self._steady = steady
        self._ahead: float | None = None
        """Seconds since the epoch on the server, when ``steady`` shows 0."""

    def now(self) -> datetime:
        """The moment, in UTC, to the millisecond."""
        seconds = time.time() if self._ahead is None else self._steady() + self._ahead
        return datetime.fromtimestamp(int(seconds * 1000) / 1000, UTC)

    def begin(self) -> float:
        """A writing begins; ``seen`` is to be told of this."""
        return self._steady()

    def seen(self, began: float, changed: float) -> None:
        """Note that a file written since ``began`` was last changed at ``changed``, by the
        server."""
        latest, earliest = changed - began, changed - self._steady()
        if self._ahead is None or not earliest - _SLACK <= self._ahead <= latest + _SLACK:
            self._ahead = latest
