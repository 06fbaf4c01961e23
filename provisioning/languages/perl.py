"""Perl: one script, which is given its values as arguments."""

from .language import Language
from .written import refuse_control


class Perl(Language):
    """Every text is a literal in single quotes."""

    name = "perl"

    def word(self, text: str, place: str) -> str:
        """A literal that nothing in it ends."""
        refuse_control(text, self.name)
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
