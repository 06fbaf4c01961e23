"""Which of the nodes that may own a new session gets it. Pure.

Two candidates by rendezvous hashing, and of these the one with less to do: nearly as even as
asking all (Mitzenmacher, 2001), for two questions.
"""

from collections.abc import Iterable, Sequence

from app.session_routing.peer import Condition
from app.session_routing.ranking import ranked

CANDIDATES = 2


def candidates(key: str, names: Iterable[str]) -> list[str]:
    """The nodes to ask, the one that gets the session where both have the same to do first."""
    # Not the order of the deciders: a node that decides is no more likely to own.
    return ranked(f"owner of {key}", names)[:CANDIDATES]


def less_loaded(answers: Sequence[tuple[str, Condition]]) -> str | None:
    """The one of those that answered that takes the session; None where nobody did."""
    takers = [answer for answer in answers if answer[1].ready] or answers
    return min(takers, key=lambda answer: answer[1].load)[0] if takers else None
