"""Compressed formats that FFmpeg makes while the sound is still made."""

from app.encoding.ffmpeg import FfmpegEncoder, Recipe

_MP3 = Recipe(
    container="mp3",
    # LAME.
    codec="libmp3lame",
    # Speech at up to 24 kHz, mono, without audible loss.
    bit_rate=64_000,
    # Both would stand at the beginning and be written at the end.
    container_options={"write_xing": "0", "id3v2_version": "0"},
)
_OPUS = Recipe(
    container="ogg",
    codec="libopus",
    bit_rate=32_000,
    # Opus counts time in 48000ths of a second, whatever went in.
    sample_rate=48_000,
    # Microseconds. The usual page holds a second of sound, which a listener would wait for.
    container_options={"page_duration": "200000"},
)
# Each of its frames can be played without the others, so it streams.
_AAC = Recipe(container="adts", codec="aac", bit_rate=64_000)
_FLAC = Recipe(container="flac", codec="flac")


def mp3_encoder(sample_rate: int) -> FfmpegEncoder:
    """MP3 of sound at ``sample_rate`` Hz: plays everywhere, and is the default of OpenAI's API."""
    return FfmpegEncoder(_MP3, sample_rate)


def opus_encoder(sample_rate: int) -> FfmpegEncoder:
    """Opus in Ogg of sound at ``sample_rate`` Hz: the smallest, and with the least delay."""
    return FfmpegEncoder(_OPUS, sample_rate)


def aac_encoder(sample_rate: int) -> FfmpegEncoder:
    """AAC in ADTS of sound at ``sample_rate`` Hz."""
    return FfmpegEncoder(_AAC, sample_rate)


def flac_encoder(sample_rate: int) -> FfmpegEncoder:
    """FLAC of sound at ``sample_rate`` Hz: half the size of WAV, and the same samples. The header
    tells no length, as it is not known yet."""
    return FfmpegEncoder(_FLAC, sample_rate)
