"""The recordings of requests, as files an engine can use, for as long as a request lives."""

import asyncio
import contextlib
import hashlib
import io
import secrets
import wave
from dataclasses import replace
from functools import partial
from pathlib import Path

from app.audio.clip import PreparedClip, read_clip
from app.audio.line import DecodingLine
from app.engines.interface import SynthesisRequest
from app.errors import UnavailableError
from app.sound.clip import Clip, ClipLimits

_PATIENCE = 30.0
"""Seconds a recording may wait for its turn to be decoded."""
_line = DecodingLine[PreparedClip](lambda clip: clip.path.unlink(missing_ok=True))
"""Of the whole process: what is bounded is its memory."""


class ClipStore:
    """Store of clips in ``folder``, on a local disk: what is only read once needs no file
    server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def prepare(
        self, recording: Path, limits: ClipLimits, field: str, patience: float | None = None
    ) -> PreparedClip:
        """Check a recording and make a clip of it, in its turn, for which it waits ``patience``
        seconds at most, and not for ever.

        Raises ``InvalidInputError`` about ``field``, ``BusyError``.
        """
        read = partial(read_clip, recording, limits, folder=self.folder, field=field)
        try:
            return await _line.call(read, min(patience or _PATIENCE, _PATIENCE))
        except ImportError as error:
            raise UnavailableError(
                "audio_tools_missing",
                f"this node cannot read recordings: {error}; install torch and torchaudio",
                "本节点缺少处理音频所需的 torch 和 torchaudio，请联系管理员",
            ) from error

    async def copy(self, wav: bytes, limits: ClipLimits, transcript: str, voice: str) -> Clip:
        """The clip of the registered voice with that id, prepared anew where another engine
        made it."""
        path = self.folder / f"voice-{secrets.token_hex(8)}.wav"
        await asyncio.to_thread(path.write_bytes, wav)
        if _rate(wav) == limits.sample_rate:
            return Clip(path, hashlib.sha256(wav).hexdigest(), transcript, voice)
        try:
            prepared = await self.prepare(path, limits, "voice")
        finally:
            path.unlink()
        return replace(prepared.clip(transcript), voice=voice)

    def release(self, request: SynthesisRequest) -> None:
        """Remove what was prepared for a request. It cannot be spoken again."""
        for clip in (request.reference, request.source):
            if clip is not None and clip.path.parent == self.folder:
                with contextlib.suppress(OSError):
                    clip.path.unlink()


def _rate(wav: bytes) -> int:
    try:
        with wave.open(io.BytesIO(wav)) as file:
            rate: int = file.getframerate()
            return rate
    except (wave.Error, EOFError):
        # Preparing it tells what is wrong.
        return 0
