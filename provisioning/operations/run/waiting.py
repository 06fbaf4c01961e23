"""Wait for another run to let the cluster go."""

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

from ...engine.lock import LockedError

T = TypeVar("T")
_PAUSE = (0.5, 1.5)
"""Seconds between tries. Two that wait do not try at the same moments: each could hold what the
other one lacks."""


@dataclass(slots=True)
class Waiting:
    """Patience of a run with the one that holds the cluster."""

    seconds: float = 0.0
    say: Callable[[str], None] = lambda text: None
    """Told once what is waited for."""
    _until: float = field(default=0.0, init=False)

    def get(self, attempt: Callable[[], T]) -> T:
        """Try until it works. Raises ``LockedError`` once the time is up; with 0 s at once."""
        while True:
            try:
                return attempt()
            except LockedError as error:
                if not self._go_on(error):
                    raise
                time.sleep(random.uniform(*_PAUSE))  # nosec B311: no secret

    def enter(self, stack: ExitStack, lock: Callable[[], AbstractContextManager[T]]) -> T:
        """As ``get``, for what is held until the stack is closed."""
        return self.get(lambda: stack.enter_context(lock()))

    def _go_on(self, error: LockedError) -> bool:
        now = time.monotonic()
        if not self._until:
            self._until = now + self.seconds
            if self.seconds:
                self.say(f"{error}. Waiting up to {self.seconds:g} s")
        return now < self._until
