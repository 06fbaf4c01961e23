"""ARP settings of a real server. Pure."""

import shlex
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

_CONF = "/proc/sys/net/ipv4/conf"
_KEYS = ("arp_ignore", "arp_announce")


@dataclass(frozen=True, slots=True)
class ArpSettings:
    """Effective values; nothing where they could not be read."""

    ignore: int | None
    announce: int | None


def arp_settings(interface: str) -> Fact[ArpSettings]:
    """Settings in force on an interface."""
    places = ("all", shlex.quote(interface))
    files = " ".join(f"{_CONF}/{where}/{key}" for key in _KEYS for where in places)
    return Fact("arp_settings", f"cat {files}", _parse)


def _parse(found: Observation) -> ArpSettings:
    """The kernel takes the greater of ``all`` and the interface's (ip-sysctl, kernel
    documentation)."""
    numbers = [int(word) for word in found.stdout.split()]
    if len(numbers) != 2 * len(_KEYS):
        return ArpSettings(None, None)
    return ArpSettings(max(numbers[:2]), max(numbers[2:]))
