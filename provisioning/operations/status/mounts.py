"""Finds a mount in ``/proc/self/mountinfo`` (proc(5)). Pure."""

import re
from dataclasses import dataclass

LOOK = "cat /proc/self/mountinfo"
"""Fragment whose output ``find_mount`` reads."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """A file system on a folder."""

    source: str
    fstype: str
    writable: bool


def find_mount(text: str, target: str) -> Mounted | None:
    """What is mounted on ``target``, the last where several lie over each other."""
    found = None
    for line in text.splitlines():
        fields, _, rest = line.partition(" - ")
        words = fields.split(" ")
        if len(words) < 6 or _plain(words[4]) != target:
            continue
        fstype, source, options = rest.split(" ", 2)
        writable = "rw" in words[5].split(",") and "rw" in options.split(",")
        found = Mounted(_plain(source), fstype, writable)
    return found


def _plain(text: str) -> str:
    """Blanks and backslashes are written in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
