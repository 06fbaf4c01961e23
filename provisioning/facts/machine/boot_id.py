"""The boot that a host is in (random(4)): another id after every start of its kernel. Pure."""

from ...resources.base import Observation
from ..fact import Fact


def _parse(found: Observation) -> str:
    return found.stdout.strip()


BOOT_ID = Fact("boot_id", "cat /proc/sys/kernel/random/boot_id", _parse)
"""Empty where the host does not tell."""
