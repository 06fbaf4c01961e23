"""The owner of a key: rendezvous hashing, and the power of two choices. Pure.

Rendezvous hashing (Thaler and Ravishankar, 1998): every node ranks the same names in the same order
without asking anyone, and when a node goes only the keys it was first for move.

A new session has two candidates, and gets the one with less to do: nearly as even as asking all
(Mitzenmacher, 2001), for two questions.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from .peers.peer import Condition

CANDIDATES = 2


def ranked(key: str, names: Iterable[str]) -> list[str]:
    """``names``, the one that the key belongs to first. The order of ``names`` is of no account."""
    return sorted(names, key=lambda name: (_score(key, name), name), reverse=True)


def _score(key: str, name: str) -> bytes:
    # Length first, so that no two pairs run together into the same bytes.
    data = key.encode("utf-8", "surrogatepass")
    return blake2b(b"%d:%b%b" % (len(data), data, name.encode()), digest_size=8).digest()


def candidates(key: str, names: Iterable[str]) -> list[str]:
    """The nodes to ask, the one that gets the session where both have the same to do first."""
    # Not the order of the deciders: a node that decides is no more likely to own.
    return ranked(f"owner of {key}", names)[:CANDIDATES]


def less_loaded(answers: Sequence[tuple[str, Condition]]) -> str | None:
    """The one of those that answered that takes the session; None where nobody did."""
    takers = [answer for answer in answers if answer[1].ready] or answers
    return min(takers, key=lambda answer: answer[1].load)[0] if takers else None
