"""Speech from a request: the one way that page and API share."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from .access.ownership import Caller, Rules
from .checks.annotations import check_annotations
from .checks.mode import mode_of
from .checks.numbers import (
    FASTEST,
    FIRST_SEED,
    LAST_SEED,
    SLOWEST,
    check_timeout,
    seed_of,
    speed_of,
)
from .checks.voice import check_voice
from .checks.word_times import word_times_of
from .checks.words import instruction_of, text_of, transcript_of
from .engines.interface import Capability, EngineInfo, Mode, SynthesisRequest
from .errors import InvalidInputError
from .outputs.history import Output
from .outputs.names import moment_of
from .outputs.record import OutputRecord, Provenance
from .outputs.store import OutputStore
from .private_texts import TEXT, keep_private
from .sound.timed import Word
from .sound.wav import seconds, wav
from .speech_request import SpeechRequest
from .voices.clip_store import ClipStore
from .voices.openai_names import primary
from .voices.record import RegisteredVoice
from .voices.store import VoiceStore
from .voices.voice_names import VoiceNames
from .workers.job import Job
from .workers.pool.pool import Pool
from .workers.report import JobReport

_log = logging.getLogger("app.speech")

__all__ = [
    "FASTEST",
    "FIRST_SEED",
    "LAST_SEED",
    "SLOWEST",
    "RequestLimits",
    "Speech",
    "SpeechService",
]


@dataclass(frozen=True, slots=True)
class Speech:
    """Finished speech."""

    request: SynthesisRequest
    pcm: bytes
    """Mono signed 16-bit little-endian samples."""
    sample_rate: int
    seconds_taken: float
    """From the request to the last sample, waiting included."""
    words: tuple[Word, ...] = ()
    """In time, where that was asked for."""
    made_by: str = ""
    """The node whose worker spoke it, where that was another."""

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return seconds(self.pcm, self.sample_rate)

    def wav(self) -> bytes:
        """The speech as a WAV file."""
        return wav(self.pcm, self.sample_rate)


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The most that one request may ask for."""

    text: int
    """Characters of text."""
    timeout: float
    """Seconds, waiting included."""


class SpeechService:
    """Service that checks requests, has workers speak them, and keeps what is to be kept."""

    def __init__(
        self,
        engine: EngineInfo,
        pool: Pool,
        store: OutputStore,
        limits: RequestLimits,
        *,
        voices: VoiceStore,
        clips: ClipStore,
        voice_names: VoiceNames | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.engine = engine
        self.pool = pool
        self.store = store
        self.limits = limits
        self.voices = voices
        self.clips = clips
        self.voice_names = voice_names or VoiceNames()
        self.rules = rules or Rules()

    async def voices_for(self, caller: Caller) -> list[RegisteredVoice]:
        """The registered voices that ``caller`` may use, the oldest first. Raises
        ``StorageError``."""
        return [one for one in await self.voices.all() if caller.uses_voice(one.id, one.owner)]

    async def voice_for(self, caller: Caller, voice_id: str) -> RegisteredVoice | None:
        """The registered voice with this id, where ``caller`` may use it; else None. Raises
        ``StorageError``."""
        found = await self.voices.find(voice_id)
        return found if found and caller.uses_voice(found.id, found.owner) else None

    async def prepare(self, ask: SpeechRequest, caller: Caller) -> SynthesisRequest:
        """Turn a request into what the engine can take: the default voice and a random seed where
        none is given. Of registered voices it has those that ``caller`` may use.

        Raises ``InvalidInputError``, which names the field and what is allowed; nothing that was
        asked for and cannot be had is passed over in silence.
        """
        engine = self.engine
        keep_private(ask.text, ask.transcript, ask.instruction)
        _log.info("asked for", extra={TEXT: ask.text})
        check_timeout(ask.timeout, self.limits.timeout)
        ask = replace(ask, voice=await self._voice_asked_for(ask, caller))
        registered = await self._registered(ask, caller)
        clip = ask.reference is not None or registered is not None
        words = ask.transcript or (registered.transcript if registered else "")
        voice = "" if clip else self._engine_voice(ask.voice)
        mode = mode_of(ask, engine, clip=clip, transcript=bool(words))
        request = SynthesisRequest(
            text=await self._text(ask, mode, voice),
            voice=voice,
            speed=speed_of(ask, engine),
            seed=seed_of(ask, engine),
            mode=mode,
            instruction=instruction_of(ask),
            stream=ask.stream and Capability.STREAMING in engine.capabilities,
            word_times=word_times_of(ask, engine),
        )
        check_annotations(request.text, engine)
        return await self._with_clips(request, ask, registered, transcript_of(words))

    async def stream(
        self,
        request: SynthesisRequest,
        request_id: str,
        *,
        has_waited: bool = False,
        timeout: float | None = None,
        arrived: float | None = None,
        report: JobReport | None = None,
        patient: bool = False,
    ) -> AsyncGenerator[bytes, None]:
        """The speech as it is made; see ``Pool.speak`` and ``Job``. ``timeout``: see
        ``SpeechRequest``.

        A request with recordings is spoken once: they are removed at the end.
        """
        job = Job(request_id, request, timeout, arrived, patient)
        made = self.pool.speak(job, has_waited=has_waited, report=report)
        try:
            async with aclosing(made) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self.clips.release(request)

    async def speak(
        self,
        request: SynthesisRequest,
        request_id: str,
        *,
        has_waited: bool = False,
        timeout: float | None = None,
        arrived: float | None = None,
        patient: bool = False,
    ) -> Speech:
        """The whole speech. Raises ``SpeechError``. Cancelling it stops the work."""
        began = time.monotonic()
        pcm = bytearray()
        report = JobReport(request_id)
        made = self.stream(
            request,
            request_id,
            has_waited=has_waited,
            timeout=timeout,
            arrived=arrived,
            report=report,
            patient=patient,
        )
        async with aclosing(made) as pieces:
            async for piece in pieces:
                pcm += piece
        taken = time.monotonic() - began
        # The worker is free: whoever is next begins before megabytes are copied here.
        await asyncio.sleep(0)
        return Speech(
            request, bytes(pcm), self.engine.sample_rate, taken, tuple(report.words), report.lent_to
        )

    async def keep(
        self,
        speech: Speech,
        request_id: str,
        *,
        owner: str,
        audio: bytes | None = None,
        file_format: str = "wav",
        stem: str | None = None,
    ) -> Output:
        """Save speech of this owner in the shared folder: ``audio``, which is in ``file_format``,
        or a WAV file, under a name that was made before, or a new one.

        Raises ``StorageError``.
        """
        record = OutputRecord.of(
            speech.request,
            Provenance(request_id, self.store.node, self.engine.name, owner, speech.made_by),
            duration=speech.duration,
            file_format=file_format,
            created=moment_of(stem) if stem else self.store.now(),
        )
        return await self.store.save(speech.wav() if audio is None else audio, record, stem)

    async def _text(self, ask: SpeechRequest, mode: Mode, voice: str) -> str:
        known = self.engine.voice(voice)
        language = primary(known.language) if known else ""
        if not ask.normalize:
            return text_of(ask, mode, self.limits.text, language)
        return await asyncio.to_thread(text_of, ask, mode, self.limits.text, language)

    async def _voice_asked_for(self, ask: SpeechRequest, caller: Caller) -> str | None:
        if not ask.voice:
            if ask.reference:
                return None
            return await self.voice_names.default_voice(ask.text, self.engine)
        if ask.reference and self.voice_names.is_stand_in(ask.voice, self.engine):
            # Clients that have to name a voice can bring their own all the same.
            return None
        registered = partial(self.voices_for, caller)
        return await self.voice_names.voice_of(ask.voice, ask.text, self.engine, registered)

    async def _registered(self, ask: SpeechRequest, caller: Caller) -> RegisteredVoice | None:
        if ask.voice and ask.reference:
            raise InvalidInputError(
                "two_voices",
                "give either a voice or a reference recording, not both",
                "请只提供声音或参考音频中的一个",
                field="voice",
            )
        # An engine that takes no recordings has no use for a registered voice.
        if not ask.voice or self.engine.voice(ask.voice) or self.engine.clips is None:
            return None
        return await self.voice_for(caller, ask.voice)

    async def _with_clips(
        self,
        request: SynthesisRequest,
        ask: SpeechRequest,
        registered: RegisteredVoice | None,
        transcript: str,
    ) -> SynthesisRequest:
        limits = self.engine.clips
        if limits is None:
            return request
        prepare = partial(self.clips.prepare, patience=ask.timeout)
        try:
            if registered:
                recording = await self.voices.recording(registered)
                clip = await self.clips.copy(recording, limits, transcript, registered.id)
                request = replace(request, reference=clip)
            if ask.reference:
                reference = await prepare(ask.reference, limits, "reference")
                request = replace(request, reference=reference.clip(transcript))
            if ask.source:
                source = await prepare(ask.source, limits, "source")
                request = replace(request, source=source.clip())
        except BaseException:
            self.clips.release(request)
            raise
        return request

    def _engine_voice(self, voice: str | None) -> str:
        if not voice:
            if self.engine.default_voice:
                return self.engine.default_voice.id
            raise InvalidInputError(
                "voice_missing",
                f"the engine {self.engine.name} has no voice of its own; name a registered voice "
                "or give a reference recording",
                f"引擎 {self.engine.name} 没有预置声音，请选择已注册的声音或提供参考音频",
                field="voice",
            )
        check_voice(voice, self.engine)
        return voice
