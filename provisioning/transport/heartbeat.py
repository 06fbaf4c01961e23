"""Notices that a peer is gone.

paramiko's own keepalives expect no answer, so they only keep firewalls from forgetting a
connection. TCP's are answered by the kernel of a host whose sshd hangs, and by a jump host for a
host behind it that is gone.
"""

import contextlib
import threading

import paramiko

_REQUEST = "keepalive@openssh.com"
_MISSED = 3
"""Intervals without an answer, as OpenSSH's ServerAliveCountMax (ssh_config(5))."""


class Heartbeat(threading.Thread):
    """Asks the peer every ``interval`` seconds whether it is there, and closes the connection
    when it has not said so for three intervals."""

    def __init__(self, transport: paramiko.Transport, interval: float) -> None:
        super().__init__(name="ssh heartbeat", daemon=True)
        self._transport, self._interval = transport, interval
        self._ended = threading.Event()
        self.missed = False
        """Whether the peer was given up."""

    def run(self) -> None:
        """Until ``end`` or the end of the connection."""
        while not self._ended.wait(self._interval) and self._transport.is_active():
            giving_up = threading.Timer(_MISSED * self._interval, self._give_up)
            giving_up.daemon = True
            giving_up.start()
            # Any answer will do, and sshd answers "no" to a request it does not know. This waits
            # without a limit; closing the connection ends the wait.
            with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
                self._transport.global_request(_REQUEST, wait=True)
            giving_up.cancel()

    def end(self) -> None:
        """Stops asking."""
        self._ended.set()

    def _give_up(self) -> None:
        self.missed = True
        self._transport.close()
