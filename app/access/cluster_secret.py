"""The secret that the nodes of a cluster share, from a file that others cannot read.

While it is exchanged for another one, a second file beside it, ``PATH.accepted``, has a secret a
line: what is signed with one of these is good too. Both are read again when they change, so that
no node has to be started anew.
"""

import logging
import stat
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import NodeError

SHORTEST = 16
"""Bytes."""
_SIZE_LIMIT = 4096
_EVERY = 1.0
"""Seconds between two looks whether a file has changed."""
_log = logging.getLogger("app.access")
_Stamp = tuple[int, int, int] | None


class ClusterSecretError(NodeError):
    """The file cannot be used; the message says why and what to do, never the secret."""


def read_secret(path: Path) -> bytes:
    """The secret: the file's content without the newline at its end. Raises
    ``ClusterSecretError``."""
    secret = _content(path).strip()
    if len(secret) < SHORTEST:
        raise ClusterSecretError(
            f"{path} holds {len(secret)} bytes; a secret has at least {SHORTEST}: "
            f"head -c 32 /dev/urandom | base64 > {path}"
        )
    return secret


def accepted_file(path: Path) -> Path:
    """The file beside that of the secret with others that are good too."""
    return path.with_name(f"{path.name}.accepted")


def read_accepted(path: Path) -> tuple[bytes, ...]:
    """The secrets of the file beside ``path``, which may be absent. Raises
    ``ClusterSecretError``."""
    beside = accepted_file(path)
    if not beside.exists():
        return ()
    found = tuple(filter(None, map(bytes.strip, _content(beside).split(b"\n"))))
    if any(len(secret) < SHORTEST for secret in found):
        raise ClusterSecretError(f"{beside} has a line of fewer than {SHORTEST} bytes; mend it")
    return found


class ClusterSecret:
    """The secrets that are good now: by the first one signs."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises ``ClusterSecretError``. ``clock`` gives seconds."""
        self._path = path
        self._clock = clock
        self._looked = clock()
        self._stamps = self._stamp()
        self._secret = read_secret(path)
        self._accepted: tuple[bytes, ...] = ()
        self._take(self._secret)

    def __call__(self) -> tuple[bytes, ...]:
        """The secrets, each once; what cannot be read stays as it was, and is logged."""
        now = self._clock()
        if now >= self._looked + _EVERY:
            self._looked = now
            stamps = self._stamp()
            if stamps != self._stamps:
                self._stamps = stamps
                self._read()
        return self._good

    def _read(self) -> None:
        try:
            secret = read_secret(self._path)
        except ClusterSecretError as error:
            _log.error("the cluster secret stays as it is: %s", error)
        else:
            self._take(secret)

    def _take(self, secret: bytes) -> None:
        try:
            self._accepted = read_accepted(self._path)
        except ClusterSecretError as error:
            _log.error("the secrets that are accepted stay as they are: %s", error)
        if secret != self._secret:
            _log.info("signs with another cluster secret from now on")
        self._secret = secret
        self._good = tuple(dict.fromkeys((secret, *self._accepted)))

    def _stamp(self) -> tuple[_Stamp, _Stamp]:
        return _stamp(self._path), _stamp(accepted_file(self._path))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            content = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise ClusterSecretError(f"{path} cannot be read: {error.strerror}") from error
    if mode & stat.S_IRWXO:
        raise ClusterSecretError(
            f"every user of this machine has access to {path}; chmod o= {path}"
        )
    if len(content) > _SIZE_LIMIT:
        raise ClusterSecretError(f"{path} is larger than a secret")
    return content


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
