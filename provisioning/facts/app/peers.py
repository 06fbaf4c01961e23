"""Peers file of a real server. Pure."""

from ...places import PEERS_FILE
from ...resources.base import Observation
from ..fact import Fact


def _peers(found: Observation) -> frozenset[tuple[str, str]]:
    """Lines of a name and a URL; comments are passed over."""
    lines = [line.split() for line in found.stdout.splitlines()]
    return frozenset(
        (words[0], words[1]) for words in lines if len(words) == 2 and not words[0].startswith("#")
    )


PEERS = Fact("peers", f"cat {PEERS_FILE}", _peers)
"""Name and URL of every node that the real server knows."""
