"""Ctrl-C, from a process's first moment to its last."""

import os
import signal
import time
from types import FrameType, TracebackType

from provisioning.cli import exit_codes
from provisioning.cli.streams import flushed

_UNWINDING = 1.0
"""Seconds within which another Ctrl-C is the same one: what was begun is being put in order, which
takes much less."""
_ENOUGH = 3


class Interrupts:
    """Takes SIGINT for the time of the block.

    The first one is a ``KeyboardInterrupt``. One that follows at once changes nothing, so that a
    run can write down how it ended; a later one interrupts what hangs at the end, and the third
    ends the process where it stands.
    """

    def __init__(self) -> None:
        self._taken = 0
        self._latest = -_UNWINDING
        self._before: signal._HANDLER = None

    def __enter__(self) -> "Interrupts":
        before = signal.getsignal(signal.SIGINT)
        # Whoever starts a program in the background has it ignore Ctrl-C; so it stays.
        if before is not signal.SIG_IGN:
            self._before = before
            signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def end_at_once_if_any(self, status: int) -> None:
        """Ends the process if it was interrupted. Python would wait for threads first, and those
        may wait for hosts that say nothing; what a host has begun, it does to its end."""
        if self._taken:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os._exit(flushed(status))

    def _take(self, signal_number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._latest < _UNWINDING:
            return
        self._latest = now
        self._taken += 1
        if self._taken >= _ENOUGH:
            os._exit(exit_codes.INTERRUPTED)
        raise KeyboardInterrupt
