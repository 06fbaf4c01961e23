"""Default routes of a host, as ``ip -j route show default`` prints them (ip-route(8)). Pure."""

import json
from dataclasses import dataclass
from ipaddress import ip_address

from ...errors import ClusterError
from ...model.address import IPAddress
from ...resources.base import Observation
from ..fact import Fact


class RoutesFormatError(ClusterError):
    """Output that is not iproute2's JSON."""


@dataclass(frozen=True, slots=True)
class DefaultRoute:
    """One of them."""

    interface: str
    gateway: IPAddress | None
    """Nothing where the interface is a tunnel or the like."""


def _routes(found: Observation) -> tuple[DefaultRoute, ...]:
    try:
        listed = json.loads(found.stdout or "[]")
        return tuple(
            DefaultRoute(one["dev"], ip_address(one["gateway"]) if "gateway" in one else None)
            for one in listed
            if "dev" in one
        )
    except (ValueError, TypeError, KeyError):
        raise RoutesFormatError(f"`ip -j route` printed {found.stdout[:80]!r}") from None


DEFAULT_ROUTES = Fact("default_routes", "ip -j -4 route show default", _routes)
"""Those of IPv4, the one in force first. Raises ``RoutesFormatError``."""
