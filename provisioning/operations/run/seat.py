"""One host that a run holds, and the conversation by which it does."""

import contextlib
import threading
import time
from dataclasses import dataclass, field

from ...engine.seat import PATIENCE, bye_line
from ...transport.base import Conversation, TransportError

ANSWER = 60.0
GOODBYE = 2.0
MARGIN = 5.0
"""Seconds."""


@dataclass(slots=True)
class Seat:
    """One host that is held."""

    conversation: Conversation
    until: float
    """Time when the host may have given us up, by ``now``."""
    asking: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, line: str, timeout: float = ANSWER) -> str:
        with self.asking:
            said = now()
            answer = self.conversation.ask(line, timeout)
            # The host counts from when it heard us, which was not before we said it.
            self.until = said + PATIENCE - MARGIN
        return answer

    @property
    def lost(self) -> bool:
        """True where the host did not answer."""
        return not self.until

    def lose(self) -> None:
        """The host does not answer any more; only another seat may be taken there."""
        self.until = 0.0
        self.conversation.close()

    def say_goodbye(self, record: str = "") -> bool:
        """So that whoever comes next need not wait for the host to notice. True where the host
        keeps the record."""
        with contextlib.suppress(TransportError):
            return self.ask(bye_line(record), GOODBYE) == "kept"
        return False


def now() -> float:
    """Seconds, which go on while this machine sleeps: the host's do."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
