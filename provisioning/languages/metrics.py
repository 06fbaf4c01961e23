"""Prometheus' text format for metrics, as the node exporter reads it from files."""

import re

from .language import COMMENT, PLAIN, Language
from .written import UnwritableError, refuse

VALUE = "a label's value"
_UNWRITABLE = re.compile("[\x00\r\ud800-\udfff]")


class Metrics(Language):
    """Lines of ``name{label="value"} number``."""

    name = "metrics"

    def place_after(self, text: str, place: str) -> str:
        """Within double quotes is a label's value."""
        escaped = False
        for character in text:
            if escaped:
                escaped = False
            elif place == VALUE:
                escaped = character == "\\"
                place = PLAIN if character == '"' else VALUE
            elif character == "\n":
                place = PLAIN
            elif place == PLAIN and character == "#":
                place = COMMENT
            elif place == PLAIN and character == '"':
                place = VALUE
        return place

    def word(self, text: str, place: str) -> str:
        """The inside of a label's value; a text has no other place."""
        if place != VALUE:
            raise UnwritableError(f"{text!r} cannot be written outside quotes in {self.name}")
        refuse(_UNWRITABLE, text, self.name)
        for sign, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
            text = text.replace(sign, escape)
        return text
