"""Registered voices in the folder that all nodes share: ``ID.wav``, and ``ID.json`` beside it.

Every access runs in a thread with a time limit: the file server may be dead.
"""

import contextlib
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ..errors import InvalidInputError, StorageError
from ..outputs import atomic
from ..outputs.time_limited import TimeLimitedExecutor
from ..outputs.watch import ShareWatch
from .record import RegisteredVoice, is_id

_THREADS = 2
_SIDECAR_LIMIT = 1 << 16
_log = logging.getLogger("app.voices")
_Result = TypeVar("_Result")


class VoiceStore:
    """Store of at most ``limit`` voices in ``folder``; an access may take ``patience`` seconds."""

    def __init__(
        self,
        folder: Path,
        limit: int,
        patience: float = 10.0,
        watch: ShareWatch | None = None,
    ) -> None:
        self.folder = folder
        self.limit = limit
        self._threads = TimeLimitedExecutor("voices", _THREADS, patience, watch)

    async def all(self) -> list[RegisteredVoice]:
        """List the voices, the oldest first. Raises ``StorageError``."""
        return await self._call("read the voices", self._all)

    async def find(self, voice_id: str) -> RegisteredVoice | None:
        """The voice with this id, or None. Raises ``StorageError``."""
        if not is_id(voice_id):
            return None
        return await self._call("look for the voice", lambda: self._read(voice_id))

    async def recording(self, voice: RegisteredVoice) -> bytes:
        """The voice's WAV file. Raises ``StorageError``."""
        return await self._call("read the voice", self._wav(voice.id).read_bytes)

    async def add(self, voice: RegisteredVoice, recording: bytes) -> None:
        """Keep a voice. Raises ``InvalidInputError`` when the shelf is full, ``StorageError``."""
        await self._call("save the voice", lambda: self._add(voice, recording))

    async def remove(self, voice_id: str) -> bool:
        """Delete a voice; whether there was one. Raises ``StorageError``."""
        if not is_id(voice_id):
            return False
        return await self._call("delete the voice", lambda: self._remove(voice_id))

    async def rename(self, voice_id: str, name: str) -> RegisteredVoice | None:
        """Give a voice another name: the voice as it is then, or None. Raises ``StorageError``."""
        if not is_id(voice_id):
            return None
        return await self._call("rename the voice", lambda: self._rename(voice_id, name))

    def close(self) -> None:
        """Give up the threads, without waiting for one that hangs."""
        self._threads.close()

    def _wav(self, voice_id: str) -> Path:
        return self.folder / f"{voice_id}.wav"

    def _sidecar(self, voice_id: str) -> Path:
        return self.folder / f"{voice_id}.json"

    def _ids(self) -> list[str]:
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries]
        except FileNotFoundError:
            # Made with the first voice.
            return []
        stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return [stem for stem in stems if is_id(stem)]

    def _all(self) -> list[RegisteredVoice]:
        found = [voice for voice_id in self._ids() if (voice := self._read(voice_id))]
        return sorted(found, key=lambda voice: (voice.created, voice.id))

    def _read(self, voice_id: str) -> RegisteredVoice | None:
        try:
            with self._sidecar(voice_id).open("rb") as file:
                return RegisteredVoice.model_validate_json(file.read(_SIDECAR_LIMIT))
        except FileNotFoundError:
            return None
        except ValidationError:
            _log.warning("the voice %s has a sidecar that no node wrote", voice_id)
            return None

    def _add(self, voice: RegisteredVoice, recording: bytes) -> None:
        # Two nodes at the same moment may come to one or two more; no harm is done.
        if len(self._ids()) >= self.limit:
            raise InvalidInputError(
                "voices_full",
                f"there are {self.limit} registered voices already; delete one first",
                f"已注册 {self.limit} 个声音，请先删除一个",
            )
        self.folder.mkdir(exist_ok=True)
        atomic.write(self._wav(voice.id), recording)
        try:
            # The sidecar comes last: what is listed has its sound.
            atomic.write(self._sidecar(voice.id), voice.model_dump_json(indent=1).encode() + b"\n")
        except OSError:
            with contextlib.suppress(OSError):
                self._wav(voice.id).unlink()
            raise

    def _rename(self, voice_id: str, name: str) -> RegisteredVoice | None:
        voice = self._read(voice_id)
        if voice is None:
            return None
        # All that a node of a newer release has written stays.
        known = json.loads(self._sidecar(voice_id).read_bytes())
        content = json.dumps(known | {"name": name}, ensure_ascii=False, indent=1)
        atomic.write(self._sidecar(voice_id), content.encode() + b"\n")
        if not self._wav(voice_id).exists():
            # Deleted meanwhile, and it has to stay so.
            self._sidecar(voice_id).unlink(missing_ok=True)
            return None
        return voice.model_copy(update={"name": name})

    def _remove(self, voice_id: str) -> bool:
        try:
            self._sidecar(voice_id).unlink()
        except FileNotFoundError:
            return False
        self._wav(voice_id).unlink(missing_ok=True)
        return True

    async def _call(self, purpose: str, function: Callable[[], _Result]) -> _Result:
        try:
            return await self._threads.call(function)
        except OSError as error:
            raise _failed(purpose, error.strerror or str(error)) from error


def _failed(purpose: str, reason: str) -> StorageError:
    _log.error("shared folder: could not %s: %s", purpose, reason)
    return StorageError(
        "storage",
        f"the shared folder does not work, could not {purpose}: {reason}",
        f"共享存储出现故障（{reason}），请联系管理员",
        retry_after=30,
    )
