"""Languages whose strings stand in double quotes, with a backslash before what is escaped."""

from .language import COMMENT, PLAIN, Language

STRING = "a string"


class DoubleQuoted(Language):
    """Comments begin with ``#``, wherever they stand outside a string."""

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

    def inside(self, text: str) -> str:
        """Escape a text for the inside of a string."""
        return text.replace("\\", "\\\\").replace('"', '\\"')
