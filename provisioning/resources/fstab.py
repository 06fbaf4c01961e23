"""Lines of fstab(5) and of /proc/self/mounts, which are written alike. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SPECIAL = re.compile(r"[ \t\n\\#]")


def escape(text: str) -> str:
    """A field with blanks, backslashes and ``#`` as octal, the way the kernel prints them."""
    return _SPECIAL.sub(lambda found: f"\\{ord(found[0]):03o}", text)


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file system."""

    source: str
    target: str
    fstype: str
    options: tuple[str, ...]
    line: str = ""
    """The text it was read from."""

    def same_as(self, other: "Entry") -> bool:
        """Tell whether both ask for the same mount, however they are written."""
        return self._key == other._key

    @property
    def _key(self) -> tuple[object, ...]:
        return self.source, self.target, self.fstype, frozenset(self.options)

    def __str__(self) -> str:
        fields = (self.source, self.target, self.fstype, ",".join(self.options) or "defaults")
        return " ".join([*map(escape, fields), "0", "0"])


def entries(text: str) -> Iterator[Entry]:
    """The file systems in a text; comments and lines that are none are passed over."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 4 and not fields[0].startswith("#"):
            source, target, fstype, options = map(_unescape, fields[:4])
            yield Entry(source, target, fstype, tuple(options.split(",")), line)
