"""Formats of plain lines without any quoting: sysctl.d, modules-load.d, peers, logrotate, lists."""

import re

from .language import COMMENT, PLAIN, Language
from .written import refuse, refuse_control

VALUE = "a value"


class Words(Language):
    """Lines of words (modules-load.d(5), logrotate(8))."""

    name = "lines of words"
    comments = "#;"
    _special = re.compile(r"[\s\"'\\{}*?\[]|^[#;]|^$")

    def word(self, text: str, place: str) -> str:
        """The text, which must be a word."""
        refuse_control(text, self.name)
        refuse(self._special, text, self.name)
        return text


class Listed(Words):
    """Lines of words that a shell's ``read`` or the app takes apart (its peers file), which may be
    addresses in brackets. To the app, # begins a comment anywhere."""

    name = "lists of words"
    _special = re.compile(r"[\s\\#]|^$")


class Sysctl(Words):
    """sysctl.d(5): ``key = value``, where a key is a pattern and - before it has a meaning."""

    name = "sysctl.d"
    _special = re.compile(r"[\s=*?\[\]\\]|^[#;-]|^$")

    def place_after(self, text: str, place: str) -> str:
        """Behind ``=`` there is a value."""
        place = super().place_after(text, PLAIN if place == VALUE else place)
        return VALUE if place != COMMENT and "=" in text.rpartition("\n")[2] else place

    def word(self, text: str, place: str) -> str:
        """A key, or a value, which may have blanks."""
        if place == VALUE:
            refuse_control(text, self.name)
            return text
        return super().word(text, place)
