"""The formats speech can be had in, by the names OpenAI's API gives them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from app.encoding.encoder import Encoder
from app.encoding.ffmpeg_formats import aac_encoder, flac_encoder, mp3_encoder, opus_encoder
from app.sound.pcm import PcmEncoder
from app.sound.wav import WavEncoder, wav


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """An audio format."""

    name: str
    media_type: str
    encoder: Callable[[int], Encoder]
    """An encoder for mono sound at so many Hz."""


FORMATS = {
    known.name: known
    for known in (
        AudioFormat("mp3", "audio/mpeg", mp3_encoder),
        AudioFormat("opus", "audio/ogg", opus_encoder),
        AudioFormat("aac", "audio/aac", aac_encoder),
        AudioFormat("flac", "audio/flac", flac_encoder),
        AudioFormat("wav", "audio/wav", WavEncoder),
        AudioFormat("pcm", "audio/pcm", lambda _sample_rate: PcmEncoder()),
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
