"""Pieces bound into files. Blocks, for minutes where a book is long."""

import contextlib
import errno
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from ..encoding.book_formats import BOOK_FORMATS, BookFile, Mark
from ..outputs import atomic
from ..sound.pcm import SAMPLE_BYTES
from . import folder as files
from .record import BookFile as FileRecord
from .record import BookRecord

_PAUSE, _AFTER_HEADING, _AFTER_CHAPTER = 0.25, 0.8, 1.5
"""Seconds."""
_UNSAFE = re.compile(r"[^\w.() -]+")
_NAME_LENGTH = 48


@dataclass(frozen=True, slots=True)
class _Sound:
    """A piece, and the samples of silence after it."""

    path: Path | None
    samples: int
    silence: int


class Binder:
    """Binder of one book of sound at ``sample_rate`` Hz. It stops when ``abandoned()``."""

    def __init__(
        self,
        folder: Path,
        record: BookRecord,
        pieces: files.Pieces,
        sample_rate: int,
        abandoned: Callable[[], bool],
    ) -> None:
        self._folder = folder
        self._record = record
        self._pieces = pieces
        self._rate = sample_rate
        self._abandoned = abandoned
        self._format = BOOK_FORMATS[record.format]

    def bind(self) -> list[FileRecord]:
        """Write the book's files; those that are there are not written again. Raises OSError."""
        if not self._record.per_chapter:
            return [self._bound(None, range(len(self._record.chapters)))]
        return [self._bound(n + 1, range(n, n + 1)) for n in range(len(self._record.chapters))]

    def _bound(self, number: int | None, chapters: range) -> FileRecord:
        sounds = [[*self._sounds(chapter)] for chapter in chapters]
        lengths = [sum(sound.samples + sound.silence for sound in found) for found in sounds]
        name = self._name(number)
        path = self._folder / files.FILES / name
        if not path.exists():
            # Of its own: a node that was thought dead may still write its one.
            draft = path.with_name(f"{atomic.UNFINISHED}{secrets.token_hex(4)}-{name}")
            self._write(draft, number, [*zip(chapters, lengths, strict=True)], sounds)
            atomic.settle(draft, path)
        seconds = round(sum(lengths) / self._rate, 3)
        return FileRecord(name=name, chapter=number, seconds=seconds, bytes=path.stat().st_size)

    def _write(
        self,
        draft: Path,
        number: int | None,
        lengths: list[tuple[int, int]],
        sounds: list[list[_Sound]],
    ) -> None:
        marks = [] if number else [Mark(self._title(n), length) for n, length in lengths]
        file = BookFile(draft, self._format, self._rate, self._tags(number), marks)
        try:
            for sound in (sound for found in sounds for sound in found):
                if self._abandoned():
                    raise OSError(errno.ECANCELED, "nobody wants it any more")
                if sound.path and sound.samples:
                    file.write(_pcm(sound.path, sound.samples))
                file.write(bytes(sound.silence * SAMPLE_BYTES))
            file.end()
        except BaseException:
            with contextlib.suppress(OSError, av.FFmpegError):
                file.abandon()
            raise

    def _sounds(self, chapter: int) -> Iterator[_Sound]:
        facts = self._record.chapters[chapter]
        for piece in range(facts.pieces):
            pause = _AFTER_HEADING if piece == 0 else _PAUSE
            pause = _AFTER_CHAPTER if piece == facts.pieces - 1 else pause
            name, samples = self._pieces.spoken.get((chapter, piece), ("", 0))
            path = self._folder / files.PIECES / name if name else None
            yield _Sound(path, samples, int(pause * self._rate))

    def _title(self, chapter: int) -> str:
        return self._record.chapters[chapter].title or str(chapter + 1)

    def _tags(self, number: int | None) -> dict[str, str]:
        book = self._record.title
        if number is None:
            return {"title": book, "album": book, "genre": "Audiobook"}
        track = f"{number}/{len(self._record.chapters)}"
        title = self._title(number - 1)
        return {"title": title, "album": book, "genre": "Audiobook", "track": track}

    def _name(self, number: int | None) -> str:
        """A name that every file system takes."""
        title = self._record.title if number is None else self._title(number - 1)
        safe = _UNSAFE.sub("_", title)[:_NAME_LENGTH].strip(" ._")
        ahead = "" if number is None else f"{number:03d} "
        return f"{ahead}{safe or 'book'}.{self._format.name}"


def _pcm(path: Path, samples: int) -> bytes:
    """The sound of a piece, which has so many samples. One that is damaged is removed, so that it
    is spoken again."""
    try:
        with av.open(str(path)) as container:
            parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        sound = np.concatenate(parts)
        if sound.dtype == np.int16 and len(sound) == samples:
            return sound.astype("<i2", copy=False).tobytes()
    except (av.InvalidDataError, ValueError):
        pass
    path.unlink(missing_ok=True)
    raise OSError(errno.EIO, f"{path.name} is damaged")
