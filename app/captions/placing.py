"""Places in time for all words of a text, where an engine tells those of some."""

from collections.abc import Sequence
from itertools import pairwise

from ..sound.timed import Word


def placed(
    texts: Sequence[str], starts: Sequence[int | None], pauses: Sequence[int], end: int
) -> tuple[Word, ...]:
    """The words ``texts`` in time. ``starts``: those that are known, in order; a word without one
    shares the time of the last word before it that has one. A word ends where the next begins, or
    at the first of ``pauses`` before that; the last at ``end``. Times are in samples."""
    known = [(place, start) for place, start in enumerate(starts) if start is not None]
    if not known:
        known = [(0, 0)]
    # What comes before the first known word begins with it.
    known[0] = (0, known[0][1])
    words: list[Word] = []
    for (first, start), (after, until) in pairwise([*known, (len(texts), end)]):
        stop = next((pause for pause in pauses if start < pause < until), until)
        share = (stop - start) / max(1, after - first)
        words += [
            Word(text, round(start + share * place), round(start + share * (place + 1)))
            for place, text in enumerate(texts[first:after])
        ]
    return tuple(words)
