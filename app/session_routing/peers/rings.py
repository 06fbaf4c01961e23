"""The peers that a node asks regularly. Pure.

Up to a number it is all of them. Beyond, the names stand on a few rings, each in an order of its
own, and a node asks the next one on each ring. So every node asks as many as ask it, whatever the
number of nodes, and what one has heard is a few steps from all: the rings together are a random
regular graph (Law and Siu, 2003).
"""

from collections.abc import Iterable
from hashlib import blake2b

ALL = 31
"""Peers that are all asked."""
RINGS = 12


def asked(node: str, peers: Iterable[str]) -> set[str]:
    """Names of the peers that ``node`` asks regularly."""
    names = set(peers) - {node}
    if len(names) <= ALL:
        return names
    return {_next(ring, node, names) for ring in range(RINGS)}


def _next(ring: int, node: str, names: set[str]) -> str:
    here = _place(ring, node)
    places = {name: _place(ring, name) for name in names}
    return min(names, key=lambda name: (places[name] < here, places[name]))


def _place(ring: int, name: str) -> tuple[bytes, str]:
    return blake2b(b"%d %b" % (ring, name.encode()), digest_size=8).digest(), name
