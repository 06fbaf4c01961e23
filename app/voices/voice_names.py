"""Names that clients give voices: those that the operator maps, and OpenAI's."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..engines.interface import EngineInfo
from .openai_names import OPENAI_VOICES, primary, stand_in
from .record import RegisteredVoice
from .text_language import language_of

_ENOUGH = 1000
"""Characters of a text that tell its language."""


@dataclass(frozen=True, slots=True)
class VoiceNames:
    """Names beside the voices' own ids. An engine's own voice of such a name is that voice."""

    mapped: Mapping[str, str] = field(default_factory=dict)
    """Name to id, of the engine or of a registered voice."""

    async def voice_of(
        self,
        name: str,
        text: str,
        engine: EngineInfo,
        registered: Callable[[], Awaitable[Sequence[RegisteredVoice]]],
    ) -> str:
        """The id of the voice for ``name``; ``name`` itself where it is none of these names, or
        where there is no voice to stand in.

        ``registered`` lists the registered voices; it is called only for an engine without voices
        of its own.
        """
        if engine.voice(name):
            return name
        if name in self.mapped:
            return self.mapped[name]
        if name not in OPENAI_VOICES:
            return name
        voices = engine.voices or (await registered() if engine.clips else ())
        if not voices:
            return name
        spoken = await _spoken(text, [voice.language for voice in voices])
        return stand_in(name, spoken or primary(voices[0].language), voices).id

    async def default_voice(self, text: str, engine: EngineInfo) -> str | None:
        """The id of the engine's voice for a text and nothing said about a voice: its default, or
        the first of the text's language; None where it has no voices."""
        default = engine.default_voice
        if default is None or not text:
            return default.id if default else None
        spoken = await _spoken(text, [voice.language for voice in engine.voices])
        if spoken in ("", primary(default.language)):
            return default.id
        return next(voice.id for voice in engine.voices if primary(voice.language) == spoken)

    def is_stand_in(self, name: str, engine: EngineInfo) -> bool:
        """Tell whether ``name`` is one that a client sends because it has to send some."""
        return name in OPENAI_VOICES and name not in self.mapped and engine.voice(name) is None


async def _spoken(text: str, tags: Iterable[str]) -> str:
    """The language of the text among those of some voices, a primary subtag; or empty."""
    # The text is unchecked: of any length, and perhaps no Unicode.
    told = text[:_ENOUGH].encode(errors="ignore").decode()
    return await asyncio.to_thread(language_of, told, {primary(tag) for tag in tags if tag})
