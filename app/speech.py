"""From what a person asked for to speech: the one way that page and API share."""

import math
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from app.ask import Ask
from app.engines.interface import Capability, EngineInfo, Mode, SynthesisRequest
from app.errors import InvalidInputError
from app.outputs.history import Output
from app.outputs.record import OutputRecord
from app.outputs.store import OutputStore
from app.outputs.wav import seconds, wav
from app.text import speakable
from app.workers.job import Job
from app.workers.pool import Pool

SLOWEST, FASTEST = 0.5, 2.0
FIRST_SEED, LAST_SEED = 1, 100_000_000


@dataclass(frozen=True, slots=True)
class Speech:
    """Finished speech."""

    request: SynthesisRequest
    pcm: bytes
    """Mono signed 16-bit little-endian samples."""
    sample_rate: int
    seconds_taken: float
    """From the request to the last sample, waiting included."""

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return seconds(self.pcm, self.sample_rate)

    def wav(self) -> bytes:
        """The speech as a WAV file."""
        return wav(self.pcm, self.sample_rate)


class SpeechService:
    """Checks requests, has workers speak them, and keeps what is to be kept."""

    def __init__(
        self, engine: EngineInfo, pool: Pool, store: OutputStore, node: str, text_limit: int
    ) -> None:
        self.engine = engine
        self.pool = pool
        self.store = store
        self.text_limit = text_limit
        self._node = node

    async def prepare(self, ask: Ask) -> SynthesisRequest:
        """What the engine can take: the default voice and a random seed where none is given.

        Raises `InvalidInputError`, which names the field and what is allowed; nothing that was
        asked for and cannot be had is passed over in silence.
        """
        self._check_mode(ask)
        return SynthesisRequest(
            text=speakable(ask.text, self.text_limit),
            voice=self._voice(ask.voice),
            speed=_speed(ask.speed),
            seed=_seed(ask.seed),
            stream=ask.stream and Capability.STREAMING in self.engine.capabilities,
        )

    def stream(
        self, request: SynthesisRequest, request_id: str, *, has_waited: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """The speech as it is made; see `Pool.speak`."""
        return self.pool.speak(Job(request_id, request), has_waited=has_waited)

    async def speak(
        self, request: SynthesisRequest, request_id: str, *, has_waited: bool = False
    ) -> Speech:
        """The whole speech. Raises `SpeechError`. Cancelling it stops the work."""
        began = time.monotonic()
        pcm = bytearray()
        async with aclosing(self.stream(request, request_id, has_waited=has_waited)) as pieces:
            async for piece in pieces:
                pcm += piece
        taken = time.monotonic() - began
        return Speech(request, bytes(pcm), self.engine.sample_rate, taken)

    async def keep(
        self,
        speech: Speech,
        request_id: str,
        *,
        audio: bytes | None = None,
        file_format: str = "wav",
    ) -> Output:
        """Save speech in the shared folder: `audio`, which is in `file_format`, or a WAV file.

        Raises `StorageError`.
        """
        record = OutputRecord.of(
            speech.request,
            request_id=request_id,
            node=self._node,
            engine=self.engine.name,
            duration=speech.duration,
            file_format=file_format,
        )
        return await self.store.save(speech.wav() if audio is None else audio, record)

    def _check_mode(self, ask: Ask) -> None:
        engine = self.engine.name
        if ask.instruction:
            raise InvalidInputError(
                "instructions_not_supported",
                f"the engine {engine} takes no instructions; leave the field out",
                f"引擎 {engine} 不支持指令，请去掉该字段",
                field="instructions",
            )
        if ask.reference or ask.source or (ask.mode or Mode.PRESET) is not Mode.PRESET:
            raise InvalidInputError(
                "clips_not_supported",
                f"the engine {engine} takes no recordings; choose one of its voices",
                f"引擎 {engine} 不支持参考音频，请选择预置声音",
                field="reference",
            )

    def _voice(self, voice: str | None) -> str:
        if not voice:
            return self.engine.default_voice.id if self.engine.default_voice else ""
        if self.engine.voice(voice) is None:
            known = ", ".join(known.id for known in self.engine.voices)
            raise InvalidInputError(
                "voice_unknown",
                f"there is no voice {voice!r}; voices: {known}",
                f"没有声音“{voice}”，可用的声音：{known}",
                field="voice",
            )
        return voice


def _speed(speed: float) -> float:
    if not math.isfinite(speed) or not SLOWEST <= speed <= FASTEST:
        raise InvalidInputError(
            "speed_out_of_range",
            f"speed {speed:g} is not between {SLOWEST:g} and {FASTEST:g}",
            f"语速 {speed:g} 不在 {SLOWEST:g} 到 {FASTEST:g} 之间",
            field="speed",
        )
    return float(speed)


def _seed(seed: int | None) -> int:
    if seed is None:
        return FIRST_SEED + secrets.randbelow(LAST_SEED)
    if not FIRST_SEED <= seed <= LAST_SEED:
        raise InvalidInputError(
            "seed_out_of_range",
            f"seed {seed} is not between {FIRST_SEED} and {LAST_SEED}",
            f"随机种子 {seed} 不在 {FIRST_SEED} 到 {LAST_SEED} 之间",
            field="seed",
        )
    return seed
