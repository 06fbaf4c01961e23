"""Answers to a ping from a host: what can be asked where there is no Python. Pure."""

import re

from ..model.address import IPAddress
from ..resources.base import Observation
from .fact import Fact

_MAC = re.compile(r"\blladdr ([0-9a-f:]{17})\b")


def pinged(address: IPAddress) -> Fact[str | None]:
    """The machine that answers for an address on the host's own LAN, as a MAC address; empty where
    one answers from behind a router, None where none does."""
    # The kernel has asked the LAN for it by ARP, whether or not the machine answers pings.
    script = (
        f"ping -n -c 1 -W 1 {address} > /dev/null 2>&1 && echo alive\nip neigh show to {address}"
    )
    return Fact(f"pinged.{address}", script, _parse)


def _parse(found: Observation) -> str | None:
    if mac := _MAC.search(found.stdout.lower()):
        return mac[1]
    return "" if "alive" in found.stdout else None
