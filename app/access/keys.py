"""API keys, from a file that only the node's user, or its group, can read.

One key a line, ``NAME:KEY`` or ``NAME:sha256:DIGEST`` (hexadecimal, of the key); empty lines and
those that begin with ``#`` say nothing. The plain SHA-256 is enough: a key is random and long, not
a password somebody thought of.
"""

import hashlib
import hmac
import re
import stat
from pathlib import Path

from ..errors import NodeError

SHORTEST = 16
"""Characters of a key."""
_SIZE_LIMIT = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HASHED = "sha256:"


class KeyFileError(NodeError):
    """The file cannot be used; the message says why and what to do."""


class ApiKeys:
    """Keys by name, as digests."""

    def __init__(self, digests: dict[str, str]) -> None:
        self._digests = digests

    def __len__(self) -> int:
        return len(self._digests)

    @property
    def names(self) -> frozenset[str]:
        """Their names."""
        return frozenset(self._digests)

    def name_of(self, key: str) -> str | None:
        """Find the name of a key, or None.

        Takes the same time for every wrong key: all are compared, each in constant time.
        """
        given = _digest(key)
        found = None
        for name, digest in self._digests.items():
            if hmac.compare_digest(given, digest):
                found = name
        return found


def read_keys(path: Path) -> ApiKeys:
    """The keys in a file. Raises ``KeyFileError``."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            content = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    if mode & stat.S_IRWXO:
        raise KeyFileError(f"every user of this machine has access to {path}; chmod o= {path}")
    if len(content) > _SIZE_LIMIT:
        raise KeyFileError(f"{path} is larger than a file of keys")
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path} is not text") from error
    digests: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, digest = _entry(line.strip(), f"{path}:{number}")
            if name in digests:
                raise KeyFileError(f"{path}:{number}: there is a key for {name} already")
            digests[name] = digest
    if not digests:
        raise KeyFileError(f"{path} holds no key; write one as NAME:KEY")
    return ApiKeys(digests)


def _entry(line: str, place: str) -> tuple[str, str]:
    # What is wrong is told without the line: it may end up in a log, and hold a key.
    name, colon, key = line.partition(":")
    if not colon or not _NAME.fullmatch(name):
        raise KeyFileError(f"{place}: a line is NAME:KEY or NAME:sha256:DIGEST")
    if key.startswith(_HASHED):
        digest = key.removeprefix(_HASHED).lower()
        if not _DIGEST.fullmatch(digest):
            raise KeyFileError(f"{place}: a SHA-256 digest has 64 hexadecimal digits")
        return name, digest
    if len(key) < SHORTEST:
        raise KeyFileError(f"{place}: a key has at least {SHORTEST} characters")
    return name, _digest(key)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
