"""exports(5)."""

import re

from .language import COMMENT, Language
from .written import refuse, refuse_control

OPTIONS = "options"
_NO_OPTION = re.compile(r"[\s,()\"'#\\]|^$")
_SPECIAL = re.compile(r"[^\w./+-]", re.ASCII)


class Exports(Language):
    """A folder, and clients with options in brackets."""

    name = "exports"

    def place_after(self, text: str, place: str) -> str:
        """Between brackets are options."""
        if place != OPTIONS:
            place = super().place_after(text, place)
        if place == COMMENT:
            return place
        opened, closed = text.rfind("("), text.rfind(")")
        return OPTIONS if opened > closed else super().place_after("", "") if closed > -1 else place

    def word(self, text: str, place: str) -> str:
        """A path with octal escapes, or one option, which has none."""
        refuse_control(text, self.name)
        if place == OPTIONS:
            refuse(_NO_OPTION, text, f"options of {self.name}")
            return text
        return _SPECIAL.sub(
            lambda found: "".join(f"\\{byte:03o}" for byte in found[0].encode()), text
        )
