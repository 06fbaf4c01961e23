"""FLAC: half the size of WAV, and the same samples."""

from app.encoding.ffmpeg import FfmpegEncoder, Recipe

_RECIPE = Recipe(container="flac", codec="flac")


def flac_encoder(sample_rate: int) -> FfmpegEncoder:
    """For sound at `sample_rate` Hz. The header tells no length, as it is not known yet."""
    return FfmpegEncoder(_RECIPE, sample_rate)
