"""The bodies of ``POST /v1/audio/speech`` and its kin: OpenAI's fields, then ours."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool

from ..checks.numbers import (
    FASTEST,
    FIRST_SEED,
    LAST_SEED,
    OPENAI_FASTEST,
    OPENAI_SLOWEST,
    SLOWEST,
)
from ..encoding.pcm_at_rate import OPENAI_RATE
from ..engines.interface import Mode

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
FormatName = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
Seed = Annotated[
    Annotated[int, Field(strict=True)] | None,
    Field(
        description=f"{FIRST_SEED} to {LAST_SEED}; the same request and seed give the same bytes. "
        "Absent: a random one, told in the answer"
    ),
]


class NormalizationOptions(BaseModel):
    """Preparation of a text, as clients of Kokoro-FastAPI write it. Other options than this one
    are ignored, and named."""

    model_config = ConfigDict(extra="allow")
    normalize: StrictBool = Field(
        default=True,
        description="read the text as a person would: without the signs of markdown and emoji, "
        "addresses as they are said, without blocks of code",
    )


class VoiceReference(BaseModel):
    """A voice by id, the long way."""

    model_config = ConfigDict(extra="forbid")
    id: str


_EXAMPLE: dict[str, JsonValue] = {
    "model": "tts-1",
    "input": "你好，欢迎使用语音合成。",
    "response_format": "wav",
    "seed": 42,
}


class SpeechFields(BaseModel):
    """Text, voice and format of a request.

    Fields it does not know are ignored, as OpenAI's and every other server of this API does:
    clients send what other servers have. The answer names them.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_EXAMPLE]})
    model: str = Field(description="the engine's name, or one of OpenAI's model names")
    input: str = Field(description="the text; empty in the mode convert")
    voice: str | VoiceReference | None = Field(
        default=None,
        description="a voice's id, one of OpenAI's names, or one that the operator has mapped; "
        "absent is a voice of the text's language, or `reference`",
    )
    instructions: str | None = Field(
        default=None, description="how to speak; for engines with the mode instruct"
    )
    response_format: FormatName = Field(
        default="mp3",
        description="opus comes in Ogg, aac in ADTS frames; pcm is bare s16le mono samples at "
        f"{OPENAI_RATE} Hz",
    )
    speed: Number = Field(
        default=1.0,
        description=f"{OPENAI_SLOWEST:g} to {OPENAI_FASTEST:g}; beyond {SLOWEST:g} and "
        f"{FASTEST:g} the nearest of the two, which X-Speed tells",
    )
    stream: StrictBool | None = Field(
        default=None,
        description="true: sent while it is made. false: sent when all of it is made, with a "
        "length, true sizes in a WAV header, and every error as a status. Absent: as true, but "
        "with an engine that cannot change the speed of a stream, speed is kept and the engine "
        "makes it in one go",
    )
    mode: Mode | None = Field(
        default=None, description="absent: what follows from voice, reference and instructions"
    )
    reference: str | None = Field(
        default=None,
        description="a recording of the voice to use, in any usual format: base64, or a data: URL",
    )
    reference_text: str = Field(default="", description="the words in `reference`")
    source: str | None = Field(
        default=None, description="for the mode convert: a recording that is to be said again"
    )
    normalization_options: NormalizationOptions | None = None
    seed: Seed = None
    timeout: Number | None = Field(
        default=None, description="seconds the work may take; absent is the node's own limit"
    )
    save: StrictBool = Field(
        default=False, description="keep it in the history that all nodes share"
    )

    return_download_link: StrictBool = Field(
        default=False,
        description="as `save`, and X-Download-Path tells at once where the file will be",
    )

    @property
    def keeps(self) -> bool:
        """True if it is to be in the history."""
        return self.save or self.return_download_link

    @property
    def voice_id(self) -> str | None:
        """The voice's id, however it was given."""
        return self.voice.id if isinstance(self.voice, VoiceReference) else self.voice

    @property
    def normalize(self) -> bool:
        """True unless the text is to be read to the letter."""
        options = self.normalization_options
        return options is None or options.normalize

    @property
    def ignored(self) -> list[str]:
        """Names of the fields that mean nothing here."""
        options = self.normalization_options
        within = (options.model_extra if options else None) or ()
        inner = [f"normalization_options.{name}" for name in within]
        return [*(self.model_extra or ()), *inner]


class SpeechBody(SpeechFields):
    """Body of ``/v1/audio/speech``."""

    stream_format: Literal["audio", "sse"] = Field(
        default="audio", description="the sound itself, or server-sent events that carry it"
    )


class CaptionedBody(SpeechFields):
    """Body of ``/dev/captioned_speech``."""

    return_timestamps: StrictBool = Field(
        default=True, description="tell when each word is said; for engines that know"
    )
    caption_format: Literal["srt", "vtt"] | None = Field(
        default=None, description="give the words as a file of subtitles, too"
    )

    @property
    def word_times(self) -> bool:
        """True if words are to be timed."""
        return self.return_timestamps or self.caption_format is not None
