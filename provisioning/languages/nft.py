"""nft(8): words, without any quoting."""

import re

from .language import COMMENT, Language
from .written import refuse, refuse_control

_SPECIAL = re.compile(r"[^A-Za-z0-9_.:/-]|^$")


class Nft(Language):
    """Rules of names, numbers, addresses and networks; nothing else can stand in them."""

    name = "nftables"

    def word(self, text: str, place: str) -> str:
        """The text, which must be a word."""
        refuse_control(text, self.name)
        if place != COMMENT:
            refuse(_SPECIAL, text, self.name)
        return text
