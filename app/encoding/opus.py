"""Opus in Ogg: the smallest, and with the least delay."""

from app.encoding.ffmpeg import FfmpegEncoder, Recipe

_RECIPE = Recipe(
    container="ogg",
    codec="libopus",
    bit_rate=32_000,
    # Opus counts time in 48000ths of a second, whatever went in.
    sample_rate=48_000,
    # Microseconds. The usual page holds a second of sound, which a listener would wait for.
    container_options={"page_duration": "200000"},
)


def opus_encoder(sample_rate: int) -> FfmpegEncoder:
    """For sound at `sample_rate` Hz."""
    return FfmpegEncoder(_RECIPE, sample_rate)
