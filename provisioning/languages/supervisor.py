"""Supervisor's programs: an ini file with % expansions, comments in lines, sh-like commands."""

import re
import shlex

from .language import COMMENT, PLAIN, Language
from .written import refuse, refuse_control

COMMAND, QUOTED = "a command", "quotes of a command"
_COMMENT = re.compile(r"(?:^|\s)[;#]")
_NOT_PLAIN = re.compile(r"[^\w@+=:,./-]")


class Supervisor(Language):
    """Values of settings; ``command`` is split into words as sh would."""

    name = "a Supervisor program"
    comments = "#;"

    def place_after(self, text: str, place: str) -> str:
        """``command=`` makes a command of the line; quotes in it are followed."""
        head, newline, line = text.rpartition("\n")
        if newline:
            place, head = PLAIN, ""
        line = head + line
        if place == PLAIN and line.startswith("command="):
            place = COMMAND
        elif place == PLAIN and line.startswith((";", "#")):
            return COMMENT
        if place in (COMMAND, QUOTED) and (line.count("'") + line.count('"')) % 2:
            place = QUOTED if place == COMMAND else COMMAND
        return place

    def word(self, text: str, place: str) -> str:
        """A word of a command, or a setting's value."""
        refuse_control(text, self.name)
        refuse(_COMMENT, text, self.name)
        if place == QUOTED:
            refuse(_NOT_PLAIN, text, f"the quotes of {self.name}")
        if place == COMMAND:
            text = shlex.quote(text)
        return text.replace("%", "%%")
