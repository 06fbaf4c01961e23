"""AAC in ADTS frames: each can be played without the others, so it streams."""

from app.encoding.ffmpeg import FfmpegEncoder, Recipe

_RECIPE = Recipe(container="adts", codec="aac", bit_rate=64_000)


def aac_encoder(sample_rate: int) -> FfmpegEncoder:
    """For sound at `sample_rate` Hz."""
    return FfmpegEncoder(_RECIPE, sample_rate)
