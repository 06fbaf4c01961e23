"""A language, as a template sees it: where in it a value stands, and how it is written there."""

from typing import ClassVar

from .written import (
    UnwritableError,
    Written,
    refuse_control,
    spelled,
    text_of,
)

PLAIN = "plain"
COMMENT = "comment"


class Language:
    """A language whose lines hold words. Each real one says more of itself.

    A *place* is a word for where a reader is after some text: in a comment, within quotes.
    """

    name: ClassVar[str]
    comments: ClassVar[str] = "#"
    """Characters that begin a comment at the start of a line."""

    def place_after(self, text: str, place: str) -> str:
        """The place behind the text, where it began in ``place``."""
        head, newline, line = text.rpartition("\n")
        if not newline and place == COMMENT:
            return COMMENT
        line = line if newline else head + line
        starts = bool(newline) or place == PLAIN
        return COMMENT if starts and line.lstrip().startswith(tuple(self.comments)) else PLAIN

    def word(self, text: str, place: str) -> str:
        """Any text as one word of the language. Raises ``UnwritableError``."""
        raise NotImplementedError

    def written(self, value: object, place: str) -> Written:
        """Any value, written for its place. Raises ``UnwritableError``."""
        if isinstance(value, Written):
            if value.language != self.name:
                raise UnwritableError(f"text of {value.language} stands in {self.name}")
            return value
        if (text := spelled(value)) is None:
            text = text_of(value)
            if place == COMMENT:
                refuse_control(text, f"a comment of {self.name}")
            else:
                text = self.word(text, place)
        return Written(text, self.name)
