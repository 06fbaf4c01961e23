"""YAML: every text is a scalar in double quotes, whose escapes are JSON's (YAML 1.2, 5.7)."""

import json
import re

from .language import COMMENT, PLAIN, Language
from .written import refuse

STRING = "a string"
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


class Yaml(Language):
    """A value is a scalar, or part of one within double quotes."""

    name = "YAML"

    def place_after(self, text: str, place: str) -> str:
        """Strings in double quotes and comments are followed; a string ends with its line."""
        escaped, before = False, "\n" if place == PLAIN else ""
        for character in text:
            if character == "\n":
                place = PLAIN
            elif escaped:
                escaped = False
            elif place == STRING:
                escaped = character == "\\"
                place = PLAIN if character == '"' else STRING
            elif place == PLAIN and character == '"':
                place = STRING
            elif place == PLAIN and character == "#" and before.isspace():
                place = COMMENT
            before = character
        return place

    def word(self, text: str, place: str) -> str:
        """The text in quotes, or its inside."""
        refuse(_UNWRITABLE, text, self.name)
        # Line ends of Unicode's, which YAML folds and JSON leaves.
        quoted = re.sub(
            "[\x7f-\x9f\u2028\u2029\ufeff]",
            lambda found: f"\\u{ord(found[0]):04x}",
            json.dumps(text, ensure_ascii=False),
        )
        return quoted[1:-1] if place == STRING else quoted
