"""Batches of a run: one is due once all hosts of those before it have ended. Pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Member(Protocol):
    """A host of a run."""

    @property
    def batch(self) -> int:
        """Number of its batch."""

    @property
    def ended(self) -> bool:
        """True where this run does nothing more with it."""


M = TypeVar("M", bound=Member)


def batch_due(members: Iterable[Member]) -> int | None:
    """Find the batch at work or next; None when every host has ended."""
    return min((one.batch for one in members if not one.ended), default=None)


def members_left(members: Iterable[M], batch: int) -> tuple[M, ...]:
    """List hosts of a batch that have not ended."""
    return tuple(one for one in members if one.batch == batch and not one.ended)
