"""Words in time as they travel: a ``words`` frame."""

from collections.abc import Iterable, Iterator

from ..sound.timed import Word
from .frames import Frame, FrameError


def words_frame(words: Iterable[Word], begin: int = 0) -> Frame:
    """The frame for words whose times count from the sample ``begin`` of the job's sound."""
    told = [[word.text, begin + word.start, begin + word.end] for word in words]
    return Frame("words", {"words": told})


def words_of(frame: Frame) -> Iterator[Word]:
    """The words in a ``words`` frame. Raises ``FrameError``."""
    told = frame.fields.get("words")
    for word in told if isinstance(told, list) else [told]:
        match word:
            case [str(text), int(start), int(end)]:
                yield Word(text, start, end)
            case _:
                raise FrameError(f"a word is {word!r}")
