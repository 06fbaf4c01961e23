"""Memory of a host (proc_meminfo(5)). Pure."""

from ...resources.base import Observation
from ..fact import Fact


def _parse(found: Observation) -> int | None:
    words = found.stdout.split()
    return int(words[1]) * 1024 if len(words) > 1 and words[1].isdecimal() else None


MEMORY_TOTAL = Fact("memory_total", "grep MemTotal: /proc/meminfo || :", _parse)
"""Bytes that the kernel has for programs; nothing where it does not tell."""
