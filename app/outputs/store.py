"""The outputs folder for the web process: every access in a thread, with a time limit.

A dead NFS server makes a system call wait for ever. Such calls run in threads of their own, few
of them, so that the page, the API and the health checks go on.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from app.errors import StorageError
from app.outputs import atomic, history
from app.outputs.history import Output
from app.outputs.names import AUDIO, SIDECAR, is_stem, new_stem
from app.outputs.record import OutputRecord

_THREADS = 4
_log = logging.getLogger("app.outputs")
_Result = TypeVar("_Result")


class OutputStore:
    """Saves, lists and finds outputs. `patience` is the seconds one access may take."""

    def __init__(self, folder: Path, node: str, patience: float = 10.0) -> None:
        self.folder = folder
        self.trouble = ""
        """What went wrong with the last access; empty when it went well."""
        self._node = node
        self._patience = patience
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="outputs")

    async def save(self, audio: bytes, record: OutputRecord) -> Output:
        """Write audio and sidecar. Raises `StorageError`."""
        return await self._call("save the audio", lambda: self._save(audio, record))

    async def newest(self, count: int) -> list[Output]:
        """The newest outputs of all nodes. Raises `StorageError`."""
        return await self._call("read the history", lambda: history.newest(self.folder, count))

    async def find(self, file_name: str) -> Path | None:
        """The path of an output's audio, or None if there is none. Raises `StorageError`."""
        if not file_name.endswith(AUDIO) or not is_stem(file_name.removesuffix(AUDIO)):
            return None
        path = self.folder / file_name
        exists = await self._call("look for the audio", path.is_file)
        return path if exists else None

    def close(self) -> None:
        """Give up the threads, without waiting for one that hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _save(self, audio: bytes, record: OutputRecord) -> Output:
        stem = new_stem(record.created_at, self._node)
        path = self.folder / (stem + AUDIO)
        atomic.write(path, audio)
        try:
            # The sidecar comes last: what the history finds has its sound.
            atomic.write(self.folder / (stem + SIDECAR), record.to_json())
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        return Output(stem, record)

    async def _call(self, purpose: str, function: Callable[[], _Result]) -> _Result:
        try:
            async with asyncio.timeout(self._patience):
                result = await asyncio.get_running_loop().run_in_executor(self._threads, function)
        except TimeoutError as error:
            raise self._failed(purpose, f"no answer in {self._patience:g} s") from error
        except OSError as error:
            raise self._failed(purpose, error.strerror or str(error)) from error
        self.trouble = ""
        return result

    def _failed(self, purpose: str, reason: str) -> StorageError:
        self.trouble = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} could not {purpose}: {reason}"
        _log.error("shared folder %s: could not %s: %s", self.folder, purpose, reason)
        return StorageError(
            "storage",
            f"the shared folder does not work, could not {purpose}: {reason}",
            f"共享存储出现故障（{reason}），请联系管理员",
            retry_after=30,
        )
