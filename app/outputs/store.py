"""The outputs of a node: saved in the shared folder, or kept here until it works again.

Every access runs in a thread with a time limit (``time_limited.py``), so that page, API and health
checks continue while a file server is dead.
"""

import asyncio
import contextlib
import errno
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..errors import StorageError
from .history import Found, History, Output
from .limits import INTERVAL, Removed, Retention
from .looks import Looks
from .names import audio_name, is_stem, new_stem, parse_audio_name
from .reading import OpenFile
from .record import OutputRecord
from .retention import clean
from .shared import OutputFiles, SharedFolder, ShareTerms
from .spool import Spool
from .time_limited import TimeLimitedExecutor

_READERS, _SERVERS, _WRITERS = 4, 4, 2
_TENDING = 5.0
"""Seconds between two looks at the spool, and at a folder in trouble."""
_CLEANING_PATIENCE = 900.0
_INDEX_PATIENCE = 60.0
"""Seconds a search of the node's own index may take."""
_REASONS_ZH = {
    errno.ENOSPC: "空间已满",
    errno.EDQUOT: "配额已用完",
    errno.EROFS: "只读",
    errno.ENOENT: "目录不存在",
    errno.ENODEV: "未挂载",
    errno.EACCES: "没有权限",
    errno.ESTALE: "挂载已失效",
    errno.EIO: "读写错误",
    errno.ETIMEDOUT: "没有响应",
}
_SHARE = ("the shared folder", "共享存储")
_PLACES = dict.fromkeys(("local", "index"), ("this node's own disk", "本机磁盘"))
"""Name of the folder that does not work, by what was tried; else it is the shared folder."""
_log = logging.getLogger("app.outputs")
_Result = TypeVar("_Result")


class OutputStore:
    """Store that saves, searches, finds and deletes outputs. ``patience``: seconds one access may
    take.

    Without a spool, what the shared folder does not take is refused.
    """

    def __init__(
        self,
        folder: Path,
        node: str,
        patience: float = 10.0,
        *,
        spool: Spool | None = None,
        limits: Retention | None = None,
        share: ShareTerms | None = None,
    ) -> None:
        share = share or ShareTerms()
        self.folder = folder
        self.spool = spool
        self.waiting = 0
        """Outputs on the node's own disk that the shared folder has not taken yet."""
        self._required = share.required
        self.node = node
        self._limits = limits or Retention()
        self._shared = SharedFolder(folder, share.mounted, share.partitioned)
        self._readers = TimeLimitedExecutor("outputs-read", _READERS, patience, share.watch)
        # Apart, so that sound does not wait for searches.
        self._servers = TimeLimitedExecutor("outputs-serve", _SERVERS, patience, share.watch)
        self._writers = TimeLimitedExecutor("outputs-write", _WRITERS, patience, share.watch)
        self._cleaner = TimeLimitedExecutor("outputs-clean", 1, _CLEANING_PATIENCE, share.watch)
        # Apart, so that the spool can be read while the shared folder hangs.
        self._local = TimeLimitedExecutor("outputs-spool", 2, patience)
        self._index = TimeLimitedExecutor("outputs-index", 1, _INDEX_PATIENCE)
        self._history = History(folder, check_mount=self._shared.check_mount)
        self._looks = Looks(
            self._history,
            self._shared.check_mount,
            partial(self._call, self._readers, "read", "read the history"),
            partial(self._call, self._index, "index", "search the history"),
        )
        self._troubles: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def trouble(self) -> str:
        """Error of the last reading or writing; empty when both went well."""
        return "; ".join(self._troubles.values())

    @property
    def not_ready(self) -> str:
        """Reason why the node should get no clients; only where the shared folder is required."""
        told = self._troubles.get("write", "") if self._required else ""
        return f"shared folder: {told}" if told else ""

    def now(self) -> datetime:
        """The moment, by the clock that all nodes share where that is known."""
        return self._shared.clock.now()

    def new_stem(self, created: datetime) -> str:
        """A name, without its suffix, for an output of this node."""
        return new_stem(created, self.node)

    def start(self) -> None:
        """Look after spool and shared folder from now on. Call from the event loop."""
        self._spawn(self._keep_tending())
        self._spawn(self._keep_cleaning())

    def close(self) -> None:
        """Stop that, and give up the threads without waiting for one that hangs."""
        for task in self._tasks:
            task.cancel()
        self._looks.close()
        for threads in (
            self._readers,
            self._servers,
            self._writers,
            self._cleaner,
            self._local,
            self._index,
        ):
            threads.close()
        self._history.close()

    async def save(self, audio: bytes, record: OutputRecord, stem: str | None = None) -> Output:
        """Save audio that is in ``record.format``, with its sidecar.

        When the shared folder does not take it the node's own disk does, and ``Output.spooled``
        says so. Raises ``StorageError`` when neither does.
        """
        stem = stem or self.new_stem(record.created_at)
        name = audio_name(stem, record.format)
        files = OutputFiles(stem, name, audio, record.to_json())
        try:
            folder = await self._write("save the audio", lambda: self._shared.save(files))
        except StorageError as error:
            if self.spool is None:
                raise
            return await self._keep_here(self.spool, files, record, error)
        return Output(stem, record, folder)

    async def newest(self, count: int) -> list[Output]:
        """The newest outputs of all nodes. Raises ``StorageError``."""
        return (await self.search("", count)).outputs

    async def search(
        self, query: str, count: int, before: str = "", *, owners: frozenset[str] | None = None
    ) -> Found:
        """Find at most ``count`` outputs of all nodes, newest first, older than the stem
        ``before``, and of these owners only, unless that is None.

        Every word of ``query`` must occur in text, voice, node, seed or name, whatever its case or
        width. ``Found.unfinished`` tells where older ones have not been searched yet; ask again.
        Raises ``StorageError``.
        """
        return await self._looks.search(query, count, before, owners)

    async def owner(self, stem: str) -> str | None:
        """The owner of an output, which may be empty; None where that cannot be told, or where
        there is no such output. Raises ``StorageError``."""
        if not is_stem(stem):
            return None
        spool = self.spool
        if spool:
            told = await self._call(
                self._local, "local", "read the local spool", lambda: spool.owner(stem)
            )
            if told is not None:
                return told
        purpose = "look whose the audio is"
        return await self._call(self._servers, "read", purpose, lambda: self._shared.owner(stem))

    async def find(self, file_name: str) -> Path | None:
        """The path of an output's audio, or None if there is none. Raises ``StorageError``.

        What this node has not been able to move yet is found too.
        """
        if parse_audio_name(file_name) is None:
            return None
        if self.spool and (path := await self._here(self.spool, file_name)):
            return path
        return await self._call(
            self._readers, "read", "look for the audio", lambda: self._shared.find(file_name)
        )

    async def open(self, file_name: str) -> OpenFile | None:
        """An output's audio to read from, or None if there is none. Raises ``StorageError``.

        Whoever has it closes it.
        """
        path = await self.find(file_name)
        if path is None:
            return None
        here = self.spool is not None and path.parent == self.spool.folder
        threads, kind = (self._local, "local") if here else (self._servers, "read")
        try:
            return await self._call(
                threads, kind, "open the audio", lambda: OpenFile.of(path, threads)
            )
        except StorageError as error:
            # Removed a moment ago.
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    async def delete(self, stem: str) -> bool:
        """Delete an output of whichever node; whether there was one. Raises ``StorageError``."""
        if not is_stem(stem):
            return False
        here = False
        if self.spool:
            spool = self.spool
            here = await self._call(
                self._local, "local", "delete from the local spool", lambda: spool.delete(stem)
            )
        there = False
        # What is here only can be deleted while the shared folder does not work.
        with contextlib.suppress(StorageError) if here else contextlib.nullcontext():
            there = await self._write("delete the audio", lambda: self._shared.delete(stem))
        if here or there:
            _log.info("deleted", extra={"output": stem})
        return here or there

    async def tend(self) -> None:
        """Move what waits to the shared folder, or see whether a folder in trouble works again."""
        with contextlib.suppress(StorageError):
            if self.spool:
                await self._move(self.spool)
            if not self.waiting and (self._required or "write" in self._troubles):
                await self._write("write", self._shared.probe)

    async def clean(self) -> None:
        """Remove what is too old, too much or left over, if it is this node's turn."""
        with contextlib.suppress(StorageError):
            removed = await self._call(
                self._cleaner,
                "clean",
                "remove old outputs",
                lambda: clean(self._shared, self._limits),
            )
            if removed and removed != Removed():
                _log.info("removed what is old", extra=asdict(removed))

    async def _keep_here(
        self, spool: Spool, files: OutputFiles, record: OutputRecord, error: StorageError
    ) -> Output:
        try:
            await self._local.call(lambda: spool.keep(files))
        except OSError as local:
            reason = local.strerror or str(local)
            _log.error("the local spool does not work either: %s", reason)
            raise StorageError(
                error.code,
                f"{error.en}; nor does this node's own disk: {reason}",
                f"{error.zh}；本机暂存也失败",
                retry_after=error.retry_after,
            ) from local
        self.waiting += 1
        _log.warning("kept here until the shared folder works", extra={"output": files.stem})
        return Output(files.stem, record, spool.folder, spooled=True)

    async def _here(self, spool: Spool, file_name: str) -> Path | None:
        with contextlib.suppress(OSError):
            return await self._local.call(lambda: spool.find(file_name))
        return None

    async def _move(self, spool: Spool) -> None:
        stems = await self._call(self._local, "local", "read the local spool", spool.waiting)
        self.waiting = len(stems)
        for stem in stems:
            await self._write("save the audio", partial(spool.move, stem, self._shared))
            self.waiting = max(0, self.waiting - 1)
            _log.info("moved to the shared folder", extra={"output": stem})
        await self._call(self._local, "local", "tidy the local spool", spool.tidy)

    async def _keep_tending(self) -> None:
        # So that it is noticed when the share goes before anything was saved.
        with contextlib.suppress(StorageError):
            await self._write("look at it", self._shared.meet)
        while True:
            await self.tend()
            await asyncio.sleep(_TENDING)

    async def _keep_cleaning(self) -> None:
        while True:
            # Not all nodes of a cluster at the same moment.
            await asyncio.sleep(INTERVAL * random.uniform(0.1, 1.0))
            await self.clean()

    async def _write(self, purpose: str, function: Callable[[], _Result]) -> _Result:
        # One that hangs is enough to know: nobody waits for the next.
        if self._writers.hanging:
            silence = TimeoutError(f"no answer in {self._writers.seconds:g} s")
            raise self._failed("write", purpose, silence)
        return await self._call(self._writers, "write", purpose, function)

    async def _call(
        self, threads: TimeLimitedExecutor, kind: str, purpose: str, function: Callable[[], _Result]
    ) -> _Result:
        try:
            result = await threads.call(function)
        except OSError as error:
            raise self._failed(kind, purpose, error) from error
        if self._troubles.pop(kind, None):
            _log.info("storage works again: %s", kind)
        return result

    def _failed(self, kind: str, purpose: str, error: OSError) -> StorageError:
        if isinstance(error, TimeoutError) and error.errno is None:
            reason, reason_zh = str(error), "没有响应"
        else:
            reason = error.strerror or str(error)
            reason_zh = _REASONS_ZH.get(error.errno or 0, reason)
        if kind not in self._troubles:
            # Told once for as long as it lasts.
            _log.error("storage: could not %s: %s", purpose, reason, extra={"folder": self.folder})
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._troubles[kind] = f"{now} could not {purpose}: {reason}"
        en, zh = _PLACES.get(kind, _SHARE)
        return StorageError(
            "storage",
            f"{en} does not work, could not {purpose}: {reason}",
            f"{zh}出现故障（{reason_zh}），请联系管理员",
            retry_after=30,
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
