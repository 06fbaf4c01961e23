"""Environment files, which sh(1) and systemd (systemd.exec(5), EnvironmentFile) read alike."""

import re

from .language import COMMENT, PLAIN, Language
from .written import UnwritableError, refuse

VALUE = "a value"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUL = re.compile("[\x00\ud800-\udfff]")


class EnvironmentFile(Language):
    """``NAME="value"``, a line each."""

    name = "an environment file"

    def place_after(self, text: str, place: str) -> str:
        """Behind ``=`` there is a value, until the line ends."""
        place = super().place_after(text, PLAIN if place == VALUE else place)
        line = text.rpartition("\n")[2]
        return VALUE if place != COMMENT and "=" in line else place

    def word(self, text: str, place: str) -> str:
        """A name, or a value in double quotes."""
        if place != VALUE:
            if not _NAME.fullmatch(text):
                raise UnwritableError(f"{text!r} is no name of an environment variable")
            return text
        refuse(_NUL, text, self.name)
        return '"' + re.sub(r'[\\"$`]', lambda found: f"\\{found[0]}", text) + '"'
