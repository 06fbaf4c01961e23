"""The formats speech can be had in, by the names OpenAI's API gives them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..sound.wav import WavEncoder, wav
from .encoder import Encoder
from .ffmpeg_formats import aac_encoder, flac_encoder, mp3_encoder, opus_encoder
from .pcm_at_rate import OPENAI_RATE, pcm_encoder


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """An audio format."""

    name: str
    media_type: str
    encoder: Callable[[int], Encoder]
    """An encoder for mono sound at so many Hz."""
    sample_rate: int | None = None
    """Hz of the file, where it is not the sound's own and the file itself does not tell."""

    def rate_of(self, sample_rate: int) -> int:
        """Hz at which a player has to play the file of sound at ``sample_rate`` Hz."""
        return self.sample_rate or sample_rate


FORMATS = {
    known.name: known
    for known in (
        AudioFormat("mp3", "audio/mpeg", mp3_encoder),
        AudioFormat("opus", "audio/ogg", opus_encoder),
        AudioFormat("aac", "audio/aac", aac_encoder),
        AudioFormat("flac", "audio/flac", flac_encoder),
        AudioFormat("wav", "audio/wav", WavEncoder),
        AudioFormat("pcm", "audio/pcm", pcm_encoder, OPENAI_RATE),
    )
}
"""By name."""


def encoded(format_name: str, pcm: bytes, sample_rate: int) -> bytes:
    """Finished sound as a file in one of ``FORMATS``. A WAV file of it says how long it is."""
    if format_name == "wav":
        return wav(pcm, sample_rate)
    encoder = FORMATS[format_name].encoder(sample_rate)
    return encoder.feed(pcm) + encoder.finish()


async def encoded_apart(format_name: str, pcm: bytes, sample_rate: int) -> bytes:
    """``encoded``, in a thread: a minute of sound takes a quarter of a second."""
    return await asyncio.to_thread(encoded, format_name, pcm, sample_rate)
