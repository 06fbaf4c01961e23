"""Which nodes a key belongs to: rendezvous hashing (Thaler and Ravishankar, 1998). Pure.

Every node ranks the same names in the same order without asking anyone, and when a node goes only
the keys it was first for move.
"""

from collections.abc import Iterable
from hashlib import blake2b


def ranked(key: str, names: Iterable[str]) -> list[str]:
    """`names`, the one that the key belongs to first. The order of `names` is of no account."""
    return sorted(names, key=lambda name: (_score(key, name), name), reverse=True)


def _score(key: str, name: str) -> bytes:
    # Length first, so that no two pairs run together into the same bytes.
    data = key.encode("utf-8", "surrogatepass")
    return blake2b(b"%d:%b%b" % (len(data), data, name.encode()), digest_size=8).digest()
