"""The nodes that an edge sends jobs to, and by what weight. Pure.

Two have their say: Nginx's configuration has the weights, and ``cosyvoice-edge`` which nodes are
drained and which of the others answer that they are ready.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..node_api import STATUS
from ..places import EDGE_RUN, NGINX_CONF
from ..resources.base import Observation
from .fact import Fact


@dataclass(frozen=True, slots=True)
class EdgeSends:
    """Requests that one edge passes on, and to which nodes."""

    weights: Mapping[str, int | None] = field(default_factory=dict)
    """By node: 0 where it gets nothing new; None where Nginx's configuration does not say it in
    the usual way."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Of those that get nothing, though they are not drained, by node."""
    problem: str = ""
    """Reason for which nothing is known; empty where it is."""


def edge_sends(port: int) -> Fact[EdgeSends]:
    """Requests that an edge, whose Nginx answers in clear text at that port, sends to nodes."""
    server = rf"s|^ *server unix:{EDGE_RUN}/node-\(.*\)\.sock .*\(weight=[0-9]*\|down\);$|\1 \2|p"
    # For the moments that `cosyvoice-edge` takes to start again after a change.
    fragment = (
        "said= left=8\n"
        'while [ "$left" -gt 0 ]; do\n'
        f"    said=$(curl -sS --noproxy '*' --max-time 2 'http://127.0.0.1:{port}{STATUS}') || :\n"
        """    case $said in *'"nodes"'*) break ;; esac\n"""
        "    left=$((left - 1))\n    sleep 0.5\ndone\n"
        f"printf '%s\\n' \"$said\"; sed -n '{server}' {NGINX_CONF}"
    )
    return Fact("edge_sends", fragment, _parse)


def _parse(found: Observation) -> EdgeSends:
    first, *rest = found.stdout.splitlines() or [""]
    if not first and (said := found.stderr.strip().splitlines()):
        return EdgeSends(problem=f"its Nginx does not answer: {said[-1]}")
    try:
        nodes = {str(one["name"]): one for one in json.loads(first)["nodes"]}
    except (ValueError, KeyError, TypeError):
        return EdgeSends(problem="it does not know how the nodes are: cosyvoice-edge is silent")
    configured = {name: _weight(word) for name, _, word in (line.partition(" ") for line in rest)}
    weights, reasons = {}, {}
    for name, one in nodes.items():
        serves = one.get("ready") and not one.get("drained")
        weights[name] = configured.get(name) if serves else 0
        if not serves and not one.get("drained"):
            reasons[name] = str(one.get("reason") or "not ready")
    return EdgeSends(weights, reasons)


def _weight(word: str) -> int | None:
    number = word.removeprefix("weight=")
    return 0 if word == "down" else int(number) if number.isdecimal() else None
