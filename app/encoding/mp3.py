"""MP3 by LAME: plays everywhere. OpenAI's API answers in it by default."""

from app.encoding.ffmpeg import FfmpegEncoder, Recipe

_RECIPE = Recipe(
    container="mp3",
    codec="libmp3lame",
    # Speech at up to 24 kHz, mono, without audible loss.
    bit_rate=64_000,
    # Both would stand at the beginning and be written at the end.
    container_options={"write_xing": "0", "id3v2_version": "0"},
)


def mp3_encoder(sample_rate: int) -> FfmpegEncoder:
    """For sound at `sample_rate` Hz."""
    return FfmpegEncoder(_RECIPE, sample_rate)
