"""A host's own name, and whether it can be looked up there. Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact


@dataclass(frozen=True, slots=True)
class OwnName:
    """A host's name for itself."""

    name: str
    addresses: tuple[str, ...]
    """None where it cannot be looked up within three seconds."""


def _parse(found: Observation) -> OwnName:
    name, *rest = found.stdout.splitlines() or [""]
    addresses = dict.fromkeys(line.split()[0] for line in rest if line.split())
    return OwnName(name, tuple(addresses))


# As programs ask; `getent hosts` would ask DNS for an IPv6 address of a name that is in a file.
OWN_NAME = Fact("own_name", 'uname -n; timeout 3 getent ahosts "$(uname -n)" || :', _parse)
