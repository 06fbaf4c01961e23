"""rsyslog.conf (RainerScript): strings in double quotes with backslashes, whole numbers.

``%`` in a string may be a property of a message, ``$`` and a backquote the environment: texts with
one are refused.
"""

import re

from .language import COMMENT, PLAIN, Language
from .written import refuse, refuse_control

STRING = "a string"
_REPLACED = re.compile(r"[%$`]")


class Rsyslog(Language):
    """The inside of a string is escaped; where there is none, one is written."""

    name = "rsyslog.conf"

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
        """One string, whatever is in it."""
        refuse_control(text, self.name)
        refuse(_REPLACED, text, self.name)
        inside = text.replace("\\", "\\\\").replace('"', '\\"')
        return inside if place == STRING else f'"{inside}"'
