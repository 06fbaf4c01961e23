"""Recordings that were uploaded or made on the page: where they are, and what is said of them.

They lie in a folder that all nodes share, whose file server may be dead: every access runs in a
thread with a time limit. What is done with a recording is done with a copy on this node's disk.
"""

import contextlib
import mimetypes
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from app.errors import InvalidInputError, StorageError
from app.outputs import atomic
from app.outputs.reading import OpenFile
from app.outputs.time_limited import TimeLimitedExecutor
from app.outputs.upload_space import UploadSpace
from app.outputs.watch import ShareWatch
from app.paths import below

_THREADS = 4
_Result = TypeVar("_Result")


class Recordings:
    """The recordings in ``folder``; ``here`` is a folder on this node's disk, for copies.

    ``patience``: seconds one access may take.
    """

    def __init__(
        self,
        folder: Path,
        here: Path,
        watch: ShareWatch | None = None,
        patience: float = 10.0,
        space: UploadSpace | None = None,
    ) -> None:
        self.folder = folder
        self.space = space or UploadSpace(0)
        self.here = here
        self._threads = TimeLimitedExecutor("uploads", _THREADS, patience, watch)

    def close(self) -> None:
        """Give up the threads, without waiting for one that hangs."""
        self._threads.close()

    async def is_there(self, value: str) -> bool:
        """Tell whether a clip field's value is an upload. Raises ``StorageError``."""
        path = self._path(value)
        return path is not None and await self._call(partial(_is_ours, path, self.folder))

    @contextlib.contextmanager
    def desk(self) -> Iterator["Desk"]:
        """A place for copies of recordings, which are removed at the end."""
        with tempfile.TemporaryDirectory(dir=self.here) as folder:
            yield Desk(self, Path(folder))

    async def fetch(self, value: str, folder: Path) -> Path:
        """Copy the recording that a clip field names to ``folder``, on this node's disk.

        The value comes from the browser, which may send any path. Raises ``InvalidInputError`` for
        one that is not an upload, ``StorageError``.
        """
        path = self._path(value)
        if path is not None:
            copy = folder / f"{len(list(folder.iterdir()))}{path.suffix}"
            if await self._call(partial(_copy, path, copy, self.folder)):
                return copy
        raise InvalidInputError(
            "upload_gone",
            "the recording is not on the server any more; add it again",
            "录音已不在服务器上，请重新上传或录制",
            field="reference",
        )

    async def keep(self, file: Path, path: Path) -> Path:
        """Copy a file of this node's disk to ``path`` in the shared folder, which is returned.
        Raises ``StorageError``."""
        size = file.stat().st_size
        self.space.check(size)
        await self._call(partial(_keep, file, path))
        self.space.add(size)
        return path

    async def open(self, path: Path) -> OpenFile | None:
        """A file of the folder to read from, or None if there is none. Raises ``StorageError``."""
        return await self._call(partial(_opened, path, self.folder, self._threads))

    def _path(self, value: str) -> Path | None:
        path = Path(value)
        return path if below(path, self.folder) else None

    async def _call(self, function: Callable[[], _Result]) -> _Result:
        try:
            return await self._threads.call(function)
        except OSError as error:
            silent = isinstance(error, TimeoutError) and error.errno is None
            reason = str(error) if silent else error.strerror or str(error)
            raise StorageError(
                "storage",
                f"the shared folder does not work, recordings cannot be used now: {reason}",
                f"共享存储出现故障（{'没有响应' if silent else reason}），暂时无法使用录音",
                retry_after=30,
            ) from error


class Desk:
    """Copies of recordings, for as long as they are worked on."""

    def __init__(self, recordings: Recordings, folder: Path) -> None:
        self.folder = folder
        self._recordings = recordings

    async def fetch(self, value: str | None) -> Path | None:
        """A copy of the recording a clip field holds, or None for an empty one.

        Raises ``InvalidInputError`` for what is not an upload, ``StorageError``.
        """
        return await self._recordings.fetch(value, self.folder) if value else None


def media_type_of(name: str) -> str | None:
    """Media type by which a browser may play a file that anybody may have sent; None for all
    else."""
    kind, _ = mimetypes.guess_type(name)
    return kind if kind and kind.startswith(("audio/", "video/")) else None


def _is_ours(path: Path, folder: Path) -> bool:
    # A link may lead anywhere.
    return path.resolve().is_relative_to(folder.resolve()) and path.is_file()


def _copy(path: Path, copy: Path, folder: Path) -> bool:
    if not _is_ours(path, folder):
        return False
    shutil.copyfile(path, copy)
    return True


def _keep(file: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, file.read_bytes())


def _opened(path: Path, folder: Path, threads: TimeLimitedExecutor) -> OpenFile | None:
    return OpenFile.of(path, threads) if _is_ours(path, folder) else None
