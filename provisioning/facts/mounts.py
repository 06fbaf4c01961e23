"""Mounts as ``/proc/self/mountinfo`` lists them (proc(5)). Pure."""

import re
from dataclasses import dataclass

from ..resources.base import Observation
from .fact import Fact


@dataclass(frozen=True, slots=True)
class Mounted:
    """A file system on a folder."""

    source: str
    fstype: str
    writable: bool
    options: tuple[str, ...] = ()
    """Those of the file system, which are not the mount's own (``vers=4.2``, ``hard``)."""


def mount_on(target: str) -> Fact[Mounted | None]:
    """Mount on a folder."""

    def parse(found: Observation) -> Mounted | None:
        return find_mount(found.stdout, target)

    return Fact("mounts", "cat /proc/self/mountinfo", parse)


def find_mount(text: str, target: str) -> Mounted | None:
    """Mount on ``target``, the last where several lie over each other."""
    found = None
    for line in text.splitlines():
        fields, _, rest = line.partition(" - ")
        words = fields.split(" ")
        if len(words) < 6 or _plain(words[4]) != target:
            continue
        fstype, source, options = rest.split(" ", 2)
        writable = "rw" in words[5].split(",") and "rw" in options.split(",")
        found = Mounted(_plain(source), fstype, writable, tuple(options.split(",")))
    return found


def _plain(text: str) -> str:
    """Blanks and backslashes are written in octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
