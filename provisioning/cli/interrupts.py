"""Ctrl-C, from a process's first moment to its last."""

import os
import select
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from . import exit_codes
from .streams import flushed

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_UNWINDING = 1.0
"""Seconds within which another Ctrl-C is the same one: what was begun is being put in order, which
takes much less."""
_ENOUGH = 3
_PATIENCE = 0.2
"""Seconds until Python is reminded of a signal that it has not acted upon."""


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
        self._answered = False
        self._told, self._tell = -1, -1
        """The ends of a pipe; a byte in it is a signal that came."""

    def __enter__(self) -> "Interrupts":
        before = signal.getsignal(signal.SIGINT)
        # Whoever starts a program in the background has it ignore Ctrl-C; so it stays.
        if before is not signal.SIG_IGN:
            self._before = before
            signal.signal(signal.SIGINT, self._take)
            self._told, self._tell = os.pipe()
            os.set_blocking(self._tell, False)
            signal.set_wakeup_fd(self._tell, warn_on_full_buffer=False)
            sys.unraisablehook = self._swallowed
            threading.Thread(target=self._remind, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            signal.set_wakeup_fd(-1)
            sys.unraisablehook = sys.__unraisablehook__
            os.close(self._tell)

    def end_at_once_if_any(self, status: int) -> None:
        """Ends the process if it was interrupted. Python would wait for threads first, and those
        may wait for hosts that say nothing; what a host has begun, it does to its end."""
        if self._taken:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os._exit(flushed(status))

    def _remind(self) -> None:
        """Signals the main thread again until it acts: one that comes between Python's last look
        for signals and the system call in which it then sleeps would wait for that to end."""
        main = threading.main_thread().ident
        assert main is not None
        while told := os.read(self._told, 1):
            # A byte is the number of a signal that has a handler.
            if told[0] != signal.SIGINT:
                continue
            time.sleep(_PATIENCE)
            while not self._answered:
                signal.pthread_kill(main, signal.SIGINT)
                time.sleep(_PATIENCE)
            # What the reminders have left there.
            while select.select([self._told], [], [], 0)[0] and os.read(self._told, 64):
                pass
            self._answered = False
        os.close(self._told)

    def _swallowed(self, lost: "UnraisableHookArgs") -> None:
        """Signals once more where the interrupt was raised in a place whose errors Python drops: a
        finaliser, or a callback of a library written in C."""
        if lost.exc_type is not KeyboardInterrupt:
            sys.__unraisablehook__(lost)
            return
        self._taken -= 1
        self._latest = -_UNWINDING
        # Neither from here, where it would be dropped as well, nor while it is taken for a reminder
        # of the signal that was lost.
        main = threading.main_thread().ident
        again = threading.Timer(2 * _PATIENCE, signal.pthread_kill, (main, signal.SIGINT))
        again.daemon = True
        again.start()

    def _take(self, signal_number: int, frame: FrameType | None) -> None:
        self._answered = True
        now = time.monotonic()
        if now - self._latest < _UNWINDING:
            return
        self._latest = now
        self._taken += 1
        if self._taken >= _ENOUGH:
            os._exit(exit_codes.INTERRUPTED)
        raise KeyboardInterrupt
