"""Connections of a director's kernel as ``ipvsadm -Lnc`` lists them. Pure."""

from ...resources.base import Observation
from ..fact import Fact

Connection = tuple[str, ...]
"""Protocol, client, virtual endpoint, real server."""


def parse_connections(text: str) -> frozenset[Connection]:
    """Those in the state ESTABLISHED (lines: protocol, expiry, state, source, virtual,
    destination)."""
    lines = (line.split() for line in text.splitlines())
    return frozenset(
        (words[0], *words[3:6]) for words in lines if len(words) >= 6 and words[2] == "ESTABLISHED"
    )


def _established(found: Observation) -> frozenset[Connection]:
    return parse_connections(found.stdout)


ESTABLISHED_CONNECTIONS = Fact("established_connections", "ipvsadm -Lnc", _established)
"""Established connections of a director; none where ipvsadm fails."""
