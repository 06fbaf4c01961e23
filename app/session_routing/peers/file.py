"""The nodes of a cluster in a file, one a line: ``NAME URL``. Read again when it has changed."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import SessionRoutingError
from .peer import Peer

_INTERVAL = 2.0
"""Seconds between two looks whether the file has changed."""
_log = logging.getLogger("app.session_routing")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class PeersFileError(SessionRoutingError, ValueError):
    """The file cannot be used; the message names it, the line, and the fix."""


class PeersFile:
    """A list of peers that may change while the node runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[int, int, int] | None = None

    def peers(self) -> list[Peer]:
        """Read the peers in the file. Raises ``PeersFileError``."""
        try:
            found = self.path.stat()
            text = self.path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise PeersFileError(f"{self.path} is not UTF-8 text") from None
        except OSError as error:
            raise PeersFileError(f"{self.path} cannot be read: {error.strerror}") from None
        # Remembered even where the content is wrong: one complaint for each change.
        self._read = (found.st_mtime_ns, found.st_ino, found.st_size)
        return list(_parsed(self.path, text.splitlines()))

    def changed(self) -> bool:
        """Tell whether the file has changed since it was read last."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return (found.st_mtime_ns, found.st_ino, found.st_size) != self._read

    def give(self, take: Callable[[list[Peer]], None]) -> None:
        """Hand over what the file says now; where it is wrong, that is logged and no more."""
        try:
            peers = self.peers()
        except PeersFileError as error:
            _log.error("the peers stay as they are: %s", error)
        else:
            take(peers)

    async def follow(self, take: Callable[[list[Peer]], None]) -> None:
        """``give`` whenever the file has changed, without end."""
        while True:
            await asyncio.sleep(_INTERVAL)
            if self.changed():
                self.give(take)


def _parsed(path: Path, lines: Iterable[str]) -> Iterable[Peer]:
    names: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        place = f"{path}, line {number}"
        if len(words) != 2:
            raise PeersFileError(f"{place}: write NAME URL, for example rs2 http://10.0.0.2:7860")
        name, url = words
        if not _NAME.fullmatch(name):
            raise PeersFileError(f"{place}: {name!r} is not a name: use letters, digits and . _ -")
        if name in names:
            raise PeersFileError(f"{place}: {name} stands in line {names[name]} already")
        if not _is_origin(url):
            raise PeersFileError(
                f"{place}: {url!r} is not an address: write http:// or https://, a host and a "
                "port, without a path"
            )
        names[name] = number
        yield Peer(name, url.rstrip("/"))


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and parts.path in ("", "/")
            and not (parts.query or parts.fragment or parts.username)
        )
    except ValueError:
        return False
