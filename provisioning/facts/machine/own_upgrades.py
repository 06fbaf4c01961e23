"""Upgrades that a host makes by itself, as far as they restart Keepalived. Pure."""

import re
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

_PROGRAM = "/usr/bin/unattended-upgrade"
_FRAGMENT = f"[ ! -x {_PROGRAM} ] || apt-config dump"


@dataclass(frozen=True, slots=True)
class OwnUpgrades:
    """Settings of apt and unattended-upgrades."""

    on: bool
    """True if packages are upgraded each day or so."""
    left_alone: tuple[str, ...]
    """Patterns of names of packages that are not."""


def _parse(found: Observation) -> OwnUpgrades:
    every = re.search(r'^APT::Periodic::Unattended-Upgrade "(\w+)";', found.stdout, re.M)
    blocked = re.findall(r'^Unattended-Upgrade::Package-Blacklist:: "(.*)";', found.stdout, re.M)
    on = every is not None and every[1] not in ("0", "false")
    return OwnUpgrades(on, tuple(blocked))


OWN_UPGRADES = Fact("own_upgrades", _FRAGMENT, _parse)
