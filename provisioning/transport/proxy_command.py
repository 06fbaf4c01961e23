"""A ProxyCommand of ssh_config(5) as a socket.

Not paramiko's: that one spins at full speed once the command has ended, never reads what it says
on standard error, and leaves a zombie behind.
"""

import contextlib
import socket
import subprocess
import tempfile


class ProxyCommand:
    """A running command whose standard input and output are ``socket``."""

    def __init__(self, command: str) -> None:
        """Starts it by a shell, as ssh(1) does: its text is the operator's own. Raises
        ``OSError``."""
        self.command = command
        self.socket, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            self._process = subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
            )

    def said(self) -> str:
        """The end of what it has said on standard error."""
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace").strip()[-500:]

    def close(self) -> None:
        """Ends it."""
        self.socket.close()
        self._process.terminate()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            self._errors.close()
