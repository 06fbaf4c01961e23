"""Interfaces of a host as links, from what its addresses are read from anyway. Pure."""

import json
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact
from ..lan.interfaces import INTERFACES, parse_interfaces


@dataclass(frozen=True, slots=True)
class Link:
    """One interface."""

    mtu: int
    """Bytes."""
    up: bool
    """Set up, and with a carrier where it needs one."""


def _links(found: Observation) -> dict[str, Link]:
    parse_interfaces(found.stdout)
    return {
        one["ifname"]: Link(one.get("mtu", 0), one.get("operstate") in ("UP", "UNKNOWN"))
        for one in json.loads(found.stdout)
        if "ifname" in one
    }


LINKS = Fact(INTERFACES.name, INTERFACES.fragment, _links)
"""By the name of the interface. Raises ``InterfacesFormatError``."""
