"""Connections for many threads: a transport is used by one at a time, so others wait for it."""

import threading
from collections.abc import Callable

from provisioning.transport.base import Completed, Conversation, Transport


class OneAtATime:
    """A transport that several threads may call."""

    def __init__(self, transport: Transport) -> None:
        self._transport, self._lock = transport, threading.Lock()

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """As ``Transport.run``."""
        with self._lock:
            return self._transport.run(script, root=root, timeout=timeout, on_stdout=on_stdout)

    def converse(self, script: str) -> Conversation:
        """As ``Transport.converse``; waits for nobody."""
        return self._transport.converse(script)

    def close(self) -> None:
        """As ``Transport.close``; does not wait for the one at work, whose script goes on."""
        self._transport.close()
