"""Fill of the kernel's table of tracked connections. Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

_FOLDER = "/proc/sys/net/netfilter"


@dataclass(frozen=True, slots=True)
class Conntrack:
    """The table."""

    count: int
    most: int


def _parse(found: Observation) -> Conntrack | None:
    numbers = [int(word) for word in found.stdout.split() if word.isdecimal()]
    return Conntrack(*numbers) if len(numbers) == 2 and numbers[1] else None


CONNTRACK = Fact(
    "conntrack",
    f"cat {_FOLDER}/nf_conntrack_count {_FOLDER}/nf_conntrack_max 2>/dev/null || :",
    _parse,
)
"""Nothing where the kernel tracks no connections."""
