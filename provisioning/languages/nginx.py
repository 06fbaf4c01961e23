"""nginx.conf: words, or strings in double quotes with backslashes.

``$NAME`` is a variable wherever it stands, and nothing writes a plain ``$``: texts with one are
refused. So are those that a directive would read as a pattern or a list.
"""

import re

from .language import COMMENT, PLAIN, Language
from .written import refuse, refuse_control

STRING = "a string"
_VARIABLE = re.compile(r"\$")
_NOT_PLAIN = re.compile(r"[^\w.:/@%*+,=?&-]|^$", re.ASCII)


class Nginx(Language):
    """Words that need no quotes stand without; the inside of a string is escaped."""

    name = "nginx.conf"

    def place_after(self, text: str, place: str) -> str:
        """Strings and comments are followed."""
        escaped = False
        for character in text:
            if escaped:
                escaped = False
            elif place == STRING:
                escaped = character == "\\"
                place = PLAIN if character == '"' else STRING
            elif character == "\n":
                place = PLAIN
            elif place == PLAIN and character == '"':
                place = STRING
            elif place == PLAIN and character == "#":
                place = COMMENT
        return place

    def word(self, text: str, place: str) -> str:
        """One word, whatever is in it."""
        refuse_control(text, self.name)
        refuse(_VARIABLE, text, self.name)
        inside = text.replace("\\", "\\\\").replace('"', '\\"')
        if place == STRING:
            return inside
        return f'"{inside}"' if _NOT_PLAIN.search(text) else text
