"""A file of the shared folder on its way to a client, read in threads with a time limit."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from app.outputs.time_limited import TimeLimitedExecutor

_log = logging.getLogger("app.outputs")


class OpenFile:
    """A file that is open for reading. Raises OSError throughout; TimeoutError when it hangs."""

    def __init__(self, file: BinaryIO, about: os.stat_result, threads: TimeLimitedExecutor) -> None:
        self.about = about
        self._file = file
        self._threads = threads

    @classmethod
    def of(cls, path: Path, threads: TimeLimitedExecutor) -> Self:
        """Open ``path``; what follows is done by ``threads``. Blocks."""
        file = path.open("rb", buffering=0)
        return cls(file, os.fstat(file.fileno()), threads)

    async def read(self, size: int) -> bytes:
        """The next ``size`` bytes at most; fewer at the end only."""
        return await self._threads.call(lambda: _read(self._file, size))

    async def seek(self, place: int) -> None:
        """Go on from there."""
        # Asks no server: the place is this process's own.
        self._file.seek(place)

    def close(self) -> None:
        """Close it, and wait for nothing."""
        self._threads.later(self._file.close)


class OpenFileAnswer(FileResponse):
    """The answer with the content of an open file, or the ranges of it that are asked for.

    Starlette's own reads in the threads that all other requests need, and which a file server
    that is gone would keep.
    """

    chunk_size = 256 * 1024

    def __init__(self, file: OpenFile, name: str, **options: Any) -> None:
        super().__init__(name, filename=name, stat_result=file.about, **options)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the answer; see the ASGI specification."""
        try:
            await super().__call__(scope, receive, send)
        except OSError as error:
            # Without HTTP's end of body, which every client reports.
            _log.warning("answer broken off: %s", error.strerror or error)
        finally:
            self._file.close()

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[Any]:
        """Open the file that Starlette 1.x then reads from."""
        yield self._file


def _read(file: BinaryIO, size: int) -> bytes:
    """Read until enough is there: without a buffer a read may give less than there is."""
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
