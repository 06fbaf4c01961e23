"""Connections that clients have open to a host (ss(8)). Pure."""

from collections.abc import Sequence

from ...resources.base import Observation
from ..fact import Fact


def open_connections(ports: Sequence[int]) -> Fact[int]:
    """Number of established TCP connections to these ports, without those from the host itself."""
    wanted = " or ".join(f"sport = :{port}" for port in ports)
    fragment = f"ss -Htn state established '( {wanted} )'"
    return Fact("open_connections", fragment, _parse)


def _parse(found: Observation) -> int:
    ends = [line.split()[-2:] for line in found.stdout.splitlines() if len(line.split()) >= 4]
    return sum(_address(ours) != _address(theirs) for ours, theirs in ends)


def _address(end: str) -> str:
    return end.rpartition(":")[0]
