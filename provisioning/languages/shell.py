"""POSIX sh: scripts."""

import re
import shlex

from .language import COMMENT, PLAIN, Language
from .written import refuse

SINGLE, DOUBLE = "single quotes", "double quotes"
_NUL = re.compile("[\x00\ud800-\udfff]")


class Shell(Language):
    """Every text is one word, which no expansion looks into."""

    name = "sh"

    def place_after(self, text: str, place: str) -> str:
        """Quotes and comments are followed; here-documents and ``$(…)`` within quotes are not."""
        before, skip = " ", False
        for character in text:
            if skip:
                skip = False
            elif place == COMMENT:
                place = PLAIN if character == "\n" else place
            elif place == SINGLE:
                place = PLAIN if character == "'" else place
            elif character == "\\":
                skip = True
            elif character == '"':
                place = PLAIN if place == DOUBLE else DOUBLE
            elif place == PLAIN and character == "'":
                place = SINGLE
            elif place == PLAIN and character == "#" and before in " \t\n;":
                place = COMMENT
            before = character
        return place

    def word(self, text: str, place: str) -> str:
        """``text`` itself where that is safe, and quoted otherwise."""
        refuse(_NUL, text, self.name)
        if place == DOUBLE:
            return re.sub(r'[\\"$`]', lambda found: f"\\{found[0]}", text)
        if place == SINGLE:
            return text.replace("'", "'\\''")
        return shlex.quote(text)
