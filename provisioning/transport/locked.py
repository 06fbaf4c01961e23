"""Connections that several threads share."""

import threading
from collections.abc import Callable

from provisioning.transport.base import Completed, Conversation, Transport


class LockedTransport:
    """A transport that runs one script at a time; other threads wait for their turn."""

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
        """As ``Transport.converse``, without waiting for a script that runs."""
        return self._transport.converse(script)

    def close(self) -> None:
        """As ``Transport.close``, without waiting for a script that runs; the script continues."""
        self._transport.close()
