"""Fetch a file or a folder of hosts, each into a folder of its own.

The host sends a tar archive. It is not trusted: what it names is put below the folder that is meant
for it and nowhere else, and nothing but files and folders is made. Each file is written beside
its place and renamed, so that none is ever half there.
"""

import hashlib
import os
import shlex
import tarfile
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from ...transport.base import StreamingTransport, Transport
from ..executing.lines import Lines

_CHUNK = 256 * 1024
_CHANGED_MEANWHILE = 1
"""Status of tar(1) where a file changed while it was read, as logs do."""

_SEND = """\
export LC_ALL=C
if [ -d "$path" ]; then cd -- "$path" || exit 2; set -- .
elif [ -f "$path" ]; then
    real=$(readlink -f -- "$path"; echo /) || exit 2
    real=${real%??}
    cd -- "${real%/*}/" || exit 2; set -- "./${real##*/}"
elif [ -e "$path" ]; then echo "it is neither a file nor a folder" >&2; exit 2
else echo "there is no such file" >&2; exit 2
fi
exec tar --hard-dereference --format=pax -cf - -- "$@"
"""


class _OutOfPlaceError(Exception):
    """The archive has what must not be written."""


@dataclass(slots=True)
class Pulled:
    """The files that came from a host."""

    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 by path below the host's folder."""
    bytes: int = 0
    left_out: list[str] = field(default_factory=list)
    """Links, devices and sockets, which are not made here."""
    problem: str = ""
    """Why the rest is not there."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A path on hosts, and the folder that their files come to."""

    path: PurePosixPath
    folder: Path
    root: bool = False
    timeout: float | None = None
    """Seconds that a host may take."""
    came: Callable[[int], None] = field(default=lambda number: None)
    """Told the bytes that have come, from several threads."""

    def on_host(self, name: str, transport: Transport) -> Pulled:
        """Fetch it from one host. Raises ``TransportError``."""
        assert isinstance(transport, StreamingTransport)
        found = Pulled()
        lines: Lines = Lines()
        said: list[str] = []
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", 0) as sink:
            taker = threading.Thread(target=self._take, args=(name, source, found), daemon=True)
            taker.start()

            def pass_on(piece: bytes) -> None:
                self.came(len(piece))
                sink.write(piece)

            try:
                status = transport.stream(
                    f"path={shlex.quote(str(self.path))}\n{_SEND}",
                    root=self.root,
                    timeout=self.timeout,
                    on_stdout=pass_on,
                    on_stderr=lambda piece: said.extend(lines.feed(piece)),
                )
            finally:
                sink.close()
                taker.join()
        words = " / ".join([*said, *lines.end()])[-500:]
        if status == _CHANGED_MEANWHILE:
            found.note = words
        elif status:
            found.problem = words or f"status {status}"
        return found

    def _take(self, name: str, source: IO[bytes], found: Pulled) -> None:
        """Write what comes; say in ``found`` why, where that fails."""
        found.problem = "what it sent is no archive"
        try:
            _Archive(self.folder / name, self.path, found).read(source)
            found.problem = ""
        except (tarfile.TarError, _OutOfPlaceError, OSError, EOFError, ValueError) as error:
            found.problem = str(error)
        finally:
            # The host is not left with what nobody takes.
            while source.read(_CHUNK):
                pass


@dataclass(slots=True)
class _Archive:
    """An archive of a host, which is not trusted."""

    home: Path
    """The host's folder here."""
    path: PurePosixPath
    """What was asked for."""
    found: Pulled
    _is_tree: bool | None = None
    """A folder with what is in it, or one file; its first member tells."""

    def read(self, source: IO[bytes]) -> None:
        """Write its files. Raises what tarfile and the file system do, and
        ``_OutOfPlaceError``."""
        with tarfile.open(fileobj=source, mode="r|") as archive:
            for member in archive:
                self._member(archive, member)

    def _member(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        place = self._place(member)
        name = str(place.relative_to(self.home))
        if member.isdir():
            _make_folder(self.home, place)
        elif member.isreg():
            content = archive.extractfile(member)
            assert content is not None
            _make_folder(self.home, place.parent)
            self.found.files[name] = _write(content, place)
            self.found.bytes += member.size
        else:
            self.found.left_out.append(name)

    def _place(self, member: tarfile.TarInfo) -> Path:
        """The place that was asked for, or one below it."""
        own = self.home / self.path.relative_to("/")
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if member.name.startswith("/") or ".." in parts:
            raise _OutOfPlaceError(f"it sent {member.name!r}, which leads out of its folder")
        if self._is_tree is None:
            self._is_tree = member.isdir()
            return own
        if not self._is_tree:
            raise _OutOfPlaceError(f"it sent {member.name!r} as well, which nobody asked for")
        return own.joinpath(*parts)


def _make_folder(home: Path, folder: Path) -> None:
    """Make a folder at or below the host's, through no link. Raises ``_OutOfPlaceError``."""
    for one in (home, *reversed(folder.relative_to(home).parents), folder.relative_to(home)):
        place = home / one
        if place.is_symlink():
            raise _OutOfPlaceError(f"{place} is a link; remove it")
        place.mkdir(mode=0o700, exist_ok=True)


def _write(content: IO[bytes], place: Path) -> str:
    """Write a file for its owner alone; return its SHA-256."""
    descriptor, draft = tempfile.mkstemp(prefix=".cluster-pull.", dir=place.parent)
    digest = hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb") as file:
            while piece := content.read(_CHUNK):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(place)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return digest.hexdigest()
