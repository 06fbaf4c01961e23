"""Standard input of a command, read once for all hosts."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO

_CHUNK = 64 * 1024


class Given:
    """A copy of what was given, which several threads read at once."""

    def __init__(self, source: IO[bytes]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        shutil.copyfileobj(source, self._file)
        self._file.flush()

    def pieces(self) -> Iterator[bytes]:
        """All of it, from the beginning."""
        at = 0
        while piece := os.pread(self._file.fileno(), _CHUNK, at):
            at += len(piece)
            yield piece

    def __enter__(self) -> "Given":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
