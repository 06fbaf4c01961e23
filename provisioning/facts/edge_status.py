"""Answers of an edge to itself: that Nginx lives, and what it knows of the nodes. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..node_api import EDGE_HEALTH, STATUS
from ..places import EDGE_INSTANCE, VRRP_STATE
from ..resources.base import Observation
from .fact import Fact


@dataclass(frozen=True, slots=True)
class EdgeAnswer:
    """The answer of Nginx on an edge."""

    problem: str
    """Reason for which it did not; empty where it did."""
    status: Mapping[str, Any]
    """Body of ``STATUS``; empty where nobody there knows how the nodes are."""


def edge_answer(port: int) -> Fact[EdgeAnswer]:
    """Answer of the Nginx on the edge, whoever has the VIP."""
    ask = f"curl -sS --noproxy '*' --max-time 5 'http://127.0.0.1:{port}"
    fragment = f"{ask}{EDGE_HEALTH}' -o /dev/null && {ask}{STATUS}'"
    return Fact("edge_answer", fragment, _parse)


def _parse(found: Observation) -> EdgeAnswer:
    if found.status:
        said = found.stderr.strip().splitlines() or [f"status {found.status}"]
        return EdgeAnswer(said[-1], {})
    try:
        body = json.loads(found.stdout)
    except ValueError:
        body = None
    known = isinstance(body, dict) and "nodes" in body
    return EdgeAnswer("", body if known and isinstance(body, dict) else {})


EDGE_VRRP: Fact[str] = Fact(
    "edge_vrrp",
    f"cat {VRRP_STATE}/vrrp-{EDGE_INSTANCE} 2>/dev/null || :",
    lambda found: found.stdout.strip(),
)
"""``MASTER``, ``BACKUP``, ``FAULT`` or ``STOP``; empty while Keepalived has told nothing."""
