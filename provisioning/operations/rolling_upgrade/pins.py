"""Pins of nodes that an upgrade switches to a release that is not the inventory's own. Pure."""

from ...model.runtime import Pin

_KEPT = 5
"""Releases that a node remembers to have left, at most."""


def pin_forward(before: Pin | None, target: str, old: str, who: str, now: str) -> Pin:
    """Pin a node to what the upgrade brings; a rollback leads to what it left for that."""
    if before is not None and before.release == target:
        return before  # A run that goes on.
    earlier = before.left if before is not None and before.release == old else ()
    left = (old, *earlier) if old else ()
    return Pin(target, who, now, left[:_KEPT])


def pin_back(before: Pin | None, old: str, who: str, now: str) -> Pin:
    """Pin a node to what it had before the upgrade, and remember what it had left for that."""
    if before is not None and before.release == old:
        return before  # Taken back already, or never pinned forward.
    left = before.left[1:] if before is not None and before.left[:1] == (old,) else ()
    return Pin(old, who, now, left)
