"""Count of what is done of a book, and how long the rest takes. Pure but for the clock."""

import time
from collections import deque
from collections.abc import Callable, Iterator

from .folder import Pieces
from .manuscripts.manuscript import Manuscript
from .record import ChapterProgress, Progress

_RECENT = 200
"""Pieces by whose pace the rest is guessed."""
_ENOUGH = 3

Place = tuple[int, int]
"""Chapter and piece, counted from 0."""


class Count:
    """Count of a book's characters by the pieces that are over."""

    def __init__(
        self, text: Manuscript, pieces: Pieces, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._text = text
        self._clock = clock
        self.pieces = pieces
        self._recent = deque([(clock(), 0)], maxlen=_RECENT)
        """Times, and characters that were over by then, of those since the start."""

    def missing(self) -> Iterator[tuple[Place, str]]:
        """The pieces that are not over, in order."""
        for number, part in enumerate(self._text.parts):
            for piece, text in enumerate(part.pieces):
                if (number, piece) not in self.pieces:
                    yield (number, piece), text

    def spoken(self, place: Place, name: str, samples: int) -> None:
        """Count a piece that was spoken."""
        self.pieces.spoken[place] = (name, samples)
        self._over(place)

    def failed(self, place: Place) -> None:
        """Count a piece that could not be."""
        self.pieces.failed.add(place)
        self._over(place)

    def progress(self, node: str, *, binding: bool = False) -> Progress:
        """The progress as others are told of it."""
        chapters = self.chapters()
        over = sum(chapter.done + chapter.failed for chapter in chapters)
        left = sum(part.characters for part in self._text.parts) - over
        return Progress(
            node=node, chapters=chapters, binding=binding, seconds_left=self._seconds(left)
        )

    def chapters(self) -> tuple[ChapterProgress, ...]:
        """Characters that are done and failed, by chapter."""
        parts = self._text.parts
        done, failed = [0] * len(parts), [0] * len(parts)
        for places, counts in ((self.pieces.spoken, done), (self.pieces.failed, failed)):
            for number, piece in places:
                counts[number] += len(parts[number].pieces[piece])
        return tuple(
            ChapterProgress(done=done[number], failed=failed[number])
            for number in range(len(parts))
        )

    def _over(self, place: Place) -> None:
        number, piece = place
        characters = self._recent[-1][1] + len(self._text.parts[number].pieces[piece])
        self._recent.append((self._clock(), characters))

    def _seconds(self, left: int) -> float | None:
        (began, before), (_, over) = self._recent[0], self._recent[-1]
        taken = self._clock() - began
        if len(self._recent) <= _ENOUGH or over == before or taken <= 0:
            return None
        return round(left / (over - before) * taken, 1)
