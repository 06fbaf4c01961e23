"""rsyslog.conf (RainerScript): strings in double quotes with backslashes, whole numbers.

``%`` in a string may be a property of a message, ``$`` and a backquote the environment: texts with
one are refused.
"""

import re

from .double_quoted import STRING, DoubleQuoted
from .written import refuse, refuse_control

_REPLACED = re.compile(r"[%$`]")


class Rsyslog(DoubleQuoted):
    """The inside of a string is escaped; where there is none, one is written."""

    name = "rsyslog.conf"

    def word(self, text: str, place: str) -> str:
        """One string, whatever is in it."""
        refuse_control(text, self.name)
        refuse(_REPLACED, text, self.name)
        inside = self.inside(text)
        return inside if place == STRING else f'"{inside}"'
