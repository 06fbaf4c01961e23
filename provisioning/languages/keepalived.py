"""keepalived.conf(5).

It has no escapes, and replaces some things wherever they stand: ``$NAME`` by a definition,
``~SEQ(…)`` by several lines, ``@host`` at the start of a line by nothing. What it might read in
another way than it is meant cannot be written in it.
"""

import re

from .language import COMMENT, PLAIN, Language
from .written import refuse, refuse_control

STRING, LINE = "a string", "a line"
_IN_STRINGS = re.compile(r'["\\$]|~(?=SEQ|LST)')
_IN_WORDS = re.compile(r"""[\s"'\\${}#!]|~(?=SEQ|LST)|^$""")
_FIRST = re.compile("^@")


class Keepalived(Language):
    """Words, and strings in double quotes."""

    name = "keepalived.conf"

    def place_after(self, text: str, place: str) -> str:
        """Strings and comments are followed."""
        for character in text:
            if character == "\n":
                place = PLAIN
            elif place in (PLAIN, LINE) and character in "#!":
                place = COMMENT
            elif place != COMMENT and character == '"':
                place = LINE if place == STRING else STRING
            elif place == PLAIN and not character.isspace():
                place = LINE
        return place

    def word(self, text: str, place: str) -> str:
        """The text itself, which must not be anything but a word, or the inside of a string."""
        refuse_control(text, self.name)
        if place == PLAIN:
            refuse(_FIRST, text, f"the first word of a line of {self.name}")
        refuse(_IN_STRINGS if place == STRING else _IN_WORDS, text, self.name)
        return text
