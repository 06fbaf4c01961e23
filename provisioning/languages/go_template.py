"""Go's html/template, as Prometheus' consoles are written in it. What an action puts out is escaped
for where it stands by the program itself (HTML, a script, a URL)."""

import json
import re

from .language import Language
from .written import refuse

_UNWRITABLE = re.compile("[\ud800-\udfff]")


class GoTemplate(Language):
    """A value is a string within an action."""

    name = "a Go template"
    comments = ""

    def word(self, text: str, place: str) -> str:
        """The string's literal: JSON's escapes are among Go's, braces within quotes end nothing."""
        refuse(_UNWRITABLE, text, self.name)
        return json.dumps(text, ensure_ascii=False)
