"""The order of hosts in which each gets contents from the one before it. Pure.

A chain, and not a tree: every host sends as much as it receives, so with links that are as fast in
both directions the last host has it hardly later than the first, and none sends twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NEAREST = 5
"""Sources that a host may turn to, one after the other, before the control machine."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A host that takes part, as it said of itself."""

    port: int
    """TCP port that it gives contents on; 0 where it can only take."""
    load: float
    """Load average of a minute for each processor core."""
    there: int
    """Bytes that it has."""
    lacking: int
    """Files that are not whole."""

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Ready":
        """Read the answer of a host."""
        return cls(int(said["port"]), float(said["load"]), int(said["there"]), int(said["lacking"]))


def chain(hosts: Mapping[str, Ready]) -> list[str]:
    """Order the hosts: those that have most first, and of those that have as much the idle ones,
    so that the busiest sends nothing."""

    def rank(name: str) -> tuple[bool, int, float]:
        host = hosts[name]
        return host.lacking > 0, -host.there, round(host.load, 1)

    return sorted(hosts, key=rank)


def sources(order: list[str], hosts: Mapping[str, Ready], name: str) -> list[str]:
    """The hosts that one turns to, the nearest before it first. None of them waits for it."""
    before = [one for one in reversed(order[: order.index(name)]) if hosts[one].port]
    return before[:_NEAREST]
