"""systemd's units (systemd.syntax(7), systemd.service(5) on command lines)."""

import re

from .language import Language
from .written import refuse_control

_PLAIN_WORD = re.compile(r"[^\s\"'\\%$;]+")


class Systemd(Language):
    """Words; other texts in double quotes, with specifiers and variables taken as they stand."""

    name = "a systemd unit"
    comments = "#;"

    def word(self, text: str, place: str) -> str:
        """A word of a command line or a setting."""
        refuse_control(text, self.name)
        if _PLAIN_WORD.fullmatch(text):
            return text
        for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
            text = text.replace(character, escape)
        return f'"{text}"'
