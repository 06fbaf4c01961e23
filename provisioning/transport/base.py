"""The work of a transport, and the ways it fails. It does not know what it carries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from ..errors import ClusterError


@dataclass(frozen=True, slots=True)
class Completed:
    """The end of a script: what it printed, and its exit status."""

    stdout: bytes
    stderr: bytes
    status: int


@dataclass(frozen=True, slots=True)
class ShownKey:
    """The key that a host showed, for a person to compare."""

    host: str
    """As known_hosts files name it."""
    kind: str
    blob: str
    """The public key in base64."""
    fingerprint: str
    file: Path
    """Where it is written once somebody vouches for it."""


class TransportError(ClusterError):
    """A host could not be worked on; the message names it, says why, and what to do."""


class UnreachableError(TransportError):
    """No connection: name, route, refusal or silence."""


class AuthenticationError(TransportError):
    """The host is there and does not let us in."""


class HostKeyError(TransportError):
    """The host does not prove to be who it should be: its key is unknown, changed or revoked."""


class UnknownHostKeyError(HostKeyError):
    """No key of the host is known here."""

    def __init__(self, message: str, shown: "ShownKey") -> None:
        super().__init__(message)
        self.shown = shown


class SudoError(TransportError):
    """We are in and may not become root."""


class ConnectionLostError(TransportError):
    """The connection broke, or a script took too long."""


class Conversation(Protocol):
    """A script that answers, a line to a line; used by one thread at a time."""

    def ask(self, line: str, timeout: float) -> str:
        """Says a line and waits for the answer, at most ``timeout`` seconds. Raises
        ``ConnectionLostError``."""

    def answer(self, timeout: float) -> str:
        """The next line that the script says of itself. Raises ``ConnectionLostError``."""

    def close(self) -> None:
        """Ends the script's input."""


class Transport(Protocol):
    """A way to run scripts on one host; used by one thread at a time."""

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Runs a POSIX-sh script that travels over standard input, so no process list shows it.

        ``timeout`` is in seconds; ``on_stdout`` gets output as it comes. Raises
        ``TransportError``.
        """

    def converse(self, script: str) -> Conversation:
        """Starts a script, as root, that is asked and answers until it or the connection ends;
        other scripts may run meanwhile. Raises ``TransportError``."""

    def close(self) -> None:
        """Ends the connection."""


@runtime_checkable
class StreamingTransport(Transport, Protocol):
    """A transport through which input and output flow while a script runs."""

    def stream(
        self,
        script: str,
        *,
        root: bool,
        timeout: float | None = None,
        given: Iterable[bytes] | None = None,
        on_stdout: Callable[[bytes], None],
        on_stderr: Callable[[bytes], None],
    ) -> int:
        """As ``run``, and ``given`` is the script's standard input, which is empty without. What
        it prints is given away as it comes, from two threads, and not kept. Returns the exit
        status. Raises ``TransportError``."""
