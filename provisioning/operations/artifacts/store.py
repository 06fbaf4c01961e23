"""The control machine's store: contents by their SHA-256, each there whole or not at all."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from ...model.app_source import is_archive
from ...resources.artifact import ArtifactFile, size_text
from .errors import ArtifactError

_CHUNK = 1 << 20
_SPARE = 64 * 1024 * 1024
"""Bytes that stay free on the disk."""


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of contents; ``parts`` in it has those that are being fetched."""

    folder: Path

    def blob(self, sha256: str) -> Path:
        """Place of a content, there or not."""
        return self.folder / "blobs" / sha256

    def part(self, key: str) -> Path:
        """Place of a content that is being fetched, by a key that says what it will be."""
        return self.folder / "parts" / hashlib.sha256(key.encode()).hexdigest()

    def has(self, sha256: str, size: int) -> bool:
        """Tell whether a content is there, by its size; it was checked when it came."""
        with contextlib.suppress(OSError):
            return self.blob(sha256).stat().st_size == size
        return False

    def keep(self, part: Path, sha256: str) -> None:
        """Give a whole and checked part its name."""
        blob = self.blob(sha256)
        blob.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(blob)

    def begun(self, key: str) -> int:
        """Bytes of a content that were fetched by an attempt that was cut."""
        with contextlib.suppress(OSError):
            return self.part(key).stat().st_size
        return 0

    def is_whole(self, sha256: str) -> bool:
        """Tell whether a content of unknown size is there; it got its name when it was checked."""
        return self.blob(sha256).is_file()

    def knows(self, path: Path) -> bool:
        """Tell whether a file of this machine is as it was when it was taken, and still here."""
        known = self._seen().get(str(path))
        return known is not None and known[1:] == _mark(path) and self.is_whole(str(known[0]))

    def recalls(self, files: Mapping[str, Path], wanted: Iterable[ArtifactFile]) -> bool:
        """Tell whether these files of this machine are those that were taken. Reads none, and an
        archive is known by itself."""
        seen = self._seen()
        if any((seen.get(str(path)) or [0])[1:] != _mark(path) for path in files.values()):
            return False
        if len(files) == 1 and is_archive(next(iter(files))):
            return True
        found = {(path, str(seen[str(place)][0]), _runs(place)) for path, place in files.items()}
        return found == {(one.path, one.sha256, one.executable) for one in wanted}

    def adopt(self, files: Mapping[str, Path]) -> dict[str, tuple[str, int]]:
        """Move files of a folder below this one here; SHA-256 and size by path."""
        # A file has several names where links lead to it.
        found = {path: (sha256_of(path), _size(path)) for path in {*files.values()}}
        for path, (digest, _) in found.items():
            self.keep(path, digest)
        return {name: found[path] for name, path in files.items()}

    def take(self, files: Mapping[str, Path]) -> dict[str, tuple[str, int]]:
        """Copy files of this machine; SHA-256 and size by path. Those that did not change since
        they were taken are not read again."""
        seen, found = self._seen(), {}
        for name, path in files.items():
            known, mark = seen.get(str(path)), _mark(path)
            if known and known[1:] == mark and self.is_whole(str(known[0])):
                found[name] = (str(known[0]), path.stat().st_size)
                continue
            found[name] = self._copied(path)
            seen[str(path)] = [found[name][0], *mark]
        self._note(seen)
        return found

    def _copied(self, path: Path) -> tuple[str, int]:
        part = self.part(str(path))
        part.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, part.open("wb") as target:
            while piece := source.read(_CHUNK):
                digest.update(piece)
                size += len(piece)
                target.write(piece)
        self.keep(part, digest.hexdigest())
        return digest.hexdigest(), size

    def _seen(self) -> dict[str, list[str | int]]:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((self.folder / "seen.json").read_text("utf-8"))
            return found if isinstance(found, dict) else {}
        return {}

    def _note(self, seen: dict[str, list[str | int]]) -> None:
        draft = self.folder / f".seen.{os.getpid()}"
        draft.write_text(json.dumps(seen), "utf-8")
        draft.replace(self.folder / "seen.json")

    def checkout(self, url: str, commit: str) -> Path:
        """Place of a repository that is being fetched."""
        return self.folder / "checkouts" / hashlib.sha256(f"{commit} {url}".encode()).hexdigest()

    def is_full(self) -> bool:
        """Tell whether nothing more has room."""
        return shutil.disk_usage(self.folder).free < _SPARE

    def require_room(self, size: int) -> None:
        """Raise ``ArtifactError`` unless so many bytes more have room, before one is fetched."""
        self.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.folder).free
        if size + _SPARE > free:
            raise ArtifactError(
                f"{self.folder}: {size_text(size)} are to be fetched and {size_text(free)} are "
                "free; make room (`cluster artifacts prune` drops what is needed no more), or make "
                "that folder a link to a larger disk"
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from the store for the time of the block. Raises ``ArtifactError``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except OSError:
                raise ArtifactError(
                    f"{self.folder}: another `cluster` is fetching into it; wait for it to end"
                ) from None
            yield

    def verify(self, sha256: str) -> bool:
        """Tell whether a content is what its name says; one that is not is removed."""
        blob = self.blob(sha256)
        if sha256_of(blob) == sha256:
            return True
        blob.unlink()
        return False

    def prune(self, wanted: Collection[str]) -> tuple[int, int]:
        """Delete contents that are not wanted, and all that is half fetched; how many files, and
        their bytes."""
        count = size = 0
        for path in self.folder.glob("checkouts/**/*"):
            if path.is_file() and not path.is_symlink():
                count, size = count + 1, size + _size(path)
        shutil.rmtree(self.folder / "checkouts", ignore_errors=True)
        for path in sorted([*self.folder.glob("blobs/*"), *self.folder.glob("parts/*")]):
            if path.parent.name == "parts" or path.name not in wanted:
                count, size = count + 1, size + path.stat().st_size
                path.unlink()
        return count, size


def _size(path: Path) -> int:
    return path.stat().st_size


def sha256_of(path: Path) -> str:
    """Compute a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mark(path: Path) -> list[str | int]:
    """Numbers that are others once a file was changed."""
    with contextlib.suppress(OSError):
        stat = path.stat()
        return [stat.st_size, stat.st_mtime_ns, stat.st_ino]
    return []


def _runs(path: Path) -> bool:
    return os.access(path, os.X_OK)
