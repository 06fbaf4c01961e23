"""Formats of books: files for players, with a length, a title and, where the format has them,
chapters. The libraries of FFmpeg in PyAV's wheels write them, so no program is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from .ffmpeg import Recipe, Track

if TYPE_CHECKING:
    from av.container.core import Chapter

_SPEECH = 64_000
"""Bits a second for which nobody hears a loss in speech, mono, at up to 24 kHz."""


@dataclass(frozen=True, slots=True)
class BookFormat:
    """A format of books."""

    name: str
    """The files' suffix, too."""
    media_type: str
    recipe: Recipe
    chapters: bool
    """One file can have several, which players show."""


BOOK_FORMATS = {
    known.name: known
    for known in (
        BookFormat(
            "mp3",
            "audio/mpeg",
            Recipe("mp3", "libmp3lame", _SPEECH, container_options={"id3v2_version": "3"}),
            chapters=True,
        ),
        BookFormat(
            "m4b",
            "audio/mp4",
            # What a player has to know stands in front, so that it can begin while it fetches.
            Recipe("ipod", "aac", _SPEECH, container_options={"movflags": "+faststart"}),
            chapters=True,
        ),
        BookFormat(
            "opus",
            "audio/ogg",
            Recipe("ogg", "libopus", 32_000, sample_rate=48_000),
            chapters=True,
        ),
        BookFormat("flac", "audio/flac", Recipe("flac", "flac"), chapters=False),
        BookFormat(
            "wav",
            "audio/wav",
            # A day of sound has more than 4 GiB, which RIFF cannot tell.
            Recipe("wav", "pcm_s16le", container_options={"rf64": "auto"}),
            chapters=False,
        ),
    )
}
"""By name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter in a file."""

    title: str
    samples: int
    """Its length, at the rate of the sound."""


class BookFile:
    """A file of mono sound at ``sample_rate`` Hz that is being written to ``path``. Blocks."""

    def __init__(
        self,
        path: Path,
        made: BookFormat,
        sample_rate: int,
        tags: dict[str, str],
        marks: Sequence[Mark] = (),
    ) -> None:
        recipe = made.recipe
        self._container = av.open(
            str(path), "w", format=recipe.container, options=dict(recipe.container_options)
        )
        self._container.metadata.update(tags)
        if made.chapters:
            self._container.set_chapters([*_chapters(marks, sample_rate)])
        self._track = Track(self._container, recipe, sample_rate)

    def write(self, pcm: bytes) -> None:
        """Add mono signed 16-bit little-endian samples."""
        self._track.write(pcm)

    def end(self) -> None:
        """Write the end of the file."""
        self._track.end()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._container.close()


def _chapters(marks: Sequence[Mark], sample_rate: int) -> Iterator["Chapter"]:
    start = 0
    for number, mark in enumerate(marks, start=1):
        yield {
            "id": number,
            "start": start,
            "end": start + mark.samples,
            "time_base": Fraction(1, sample_rate),
            "metadata": {"title": mark.title},
        }
        start += mark.samples
