"""nginx.conf: words, or strings in double quotes with backslashes.

``$NAME`` is a variable wherever it stands, and nothing writes a plain ``$``: texts with one are
refused. So are those that a directive would read as a pattern or a list.
"""

import re

from .double_quoted import STRING, DoubleQuoted
from .written import refuse, refuse_control

_VARIABLE = re.compile(r"\$")
_NOT_PLAIN = re.compile(r"[^\w.:/@%*+,=?&-]|^$", re.ASCII)


class Nginx(DoubleQuoted):
    """Words that need no quotes stand without; the inside of a string is escaped."""

    name = "nginx.conf"

    def word(self, text: str, place: str) -> str:
        """One word, whatever is in it."""
        refuse_control(text, self.name)
        refuse(_VARIABLE, text, self.name)
        inside = self.inside(text)
        if place == STRING:
            return inside
        return f'"{inside}"' if _NOT_PLAIN.search(text) else text
