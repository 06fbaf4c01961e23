"""Choice of the job that gets a free slot. Pure; times are in seconds on one clock."""

from collections.abc import Mapping

MARGIN = 0.05
"""A job of another node goes before one of this node only where it has waited longer by this:
crossing over costs a few milliseconds, and what nodes know of each other is as old as that."""


def pick_peer(own: float | None, others: Mapping[str, float]) -> str | None:
    """The node whose job gets a slot that is free here; None where this node keeps it.

    ``own`` is when the first of this node's line arrived, ``others`` the same of nodes that wait.
    """
    if not others:
        return None
    name = min(others, key=lambda node: (others[node], node))
    return name if own is None or others[name] < own - MARGIN else None


def next_best(own: float | None, others: Mapping[str, float], chosen: str) -> float | None:
    """Arrival of the job that gets the slot if ``chosen`` does not want it."""
    times = [when for node, when in others.items() if node != chosen]
    return min([*times, *([] if own is None else [own])], default=None)


def still_first(oldest: float | None, next_best: float | None) -> bool:
    """Tell whether a job of a queue may take a slot that would else go to one that arrived at
    ``next_best``."""
    return oldest is not None and (next_best is None or oldest < next_best + MARGIN)
