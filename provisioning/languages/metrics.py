"""Prometheus' text format for metrics, as the node exporter reads it from files."""

import re

from .double_quoted import STRING, DoubleQuoted
from .written import UnwritableError, refuse

_UNWRITABLE = re.compile("[\x00\r\ud800-\udfff]")


class Metrics(DoubleQuoted):
    """Lines of ``name{label="value"} number``."""

    name = "metrics"

    def word(self, text: str, place: str) -> str:
        """The inside of a label's value; a text has no other place."""
        if place != STRING:
            raise UnwritableError(f"{text!r} cannot be written outside quotes in {self.name}")
        refuse(_UNWRITABLE, text, self.name)
        return self.inside(text).replace("\n", "\\n")
