"""Sliding window: how many real servers are out, and which may begin. Pure."""

from collections.abc import Collection, Sequence
from typing import Protocol, Self, TypeVar

from . import batches
from .batches import members_left
from .errors import PreflightError
from .preflight import Candidate, check_batch
from .snapshot import ClusterSnapshot

_UNPROVED = 2
"""Members that are out or still watched, for each that may be out: what goes bad while it is
watched has not gone much further by then."""


class Member(batches.Member, Candidate, Protocol):
    """A real server of a run."""

    @property
    def canary(self) -> bool:
        """True where it goes alone, before the others."""

    @property
    def waits(self) -> bool:
        """True until it begins."""

    @property
    def moves(self) -> bool:
        """True while it is under way, or being put back."""

    @property
    def is_out(self) -> bool:
        """True while the run keeps it from serving with its whole weight."""

    def in_batch(self, number: int) -> Self:
        """Copy it into another batch."""


M = TypeVar("M", bound=Member)
M_co = TypeVar("M_co", bound=Member, covariant=True)


class Windowed(Protocol[M_co]):
    """A run that may have a window."""

    @property
    def servers(self) -> Sequence[M_co]:
        """Its real servers, those without another role."""

    @property
    def most_out(self) -> int | None:
        """Real servers that may be out at any time; None where batches are barriers. Raises
        ``OptionError``."""


def is_window(run: Windowed[Member], batch: int) -> bool:
    """True where the members of a batch go one after the other rather than together."""
    found = [one for one in run.servers if one.batch == batch]
    return run.most_out is not None and bool(found) and not any(one.canary for one in found)


def regrouped(run: Windowed[M]) -> tuple[M, ...]:
    """Members that batches would have taken, and have not yet, in one window."""
    due = [one for one in run.servers if one.waits and not one.canary]
    first = min((one.batch for one in due), default=0)
    return tuple(one.in_batch(first) for one in due)


def out(run: Windowed[Member]) -> list[str]:
    """Real servers that are out."""
    return [one.host for one in run.servers if one.is_out]


def free(run: Windowed[Member]) -> int:
    """Real servers that may begin now."""
    most = run.most_out or 0
    moving = sum(one.moves for one in run.servers)
    return max(0, min(most - len(out(run)), _UNPROVED * most - moving))


def due(run: Windowed[M], batch: int) -> list[M]:
    """Members of a window that may begin now as far as their number goes, in order."""
    waiting = [one for one in members_left(run.servers, batch) if one.waits]
    return waiting[: free(run)]


def admitted(
    snapshot: ClusterSnapshot, candidates: Sequence[M], going: Collection[str], *, force: bool
) -> tuple[list[M], list[str]]:
    """The most of the candidates that the cluster can do without now, the first ones first, and
    notes for the operator. Raises ``PreflightError`` where that is none of them."""
    for count in range(len(candidates), 1, -1):
        try:
            chosen = list(candidates[:count])
            return chosen, check_batch(snapshot, chosen, force=force, going=going)
        except PreflightError:
            continue
    chosen = list(candidates[:1])
    return chosen, check_batch(snapshot, chosen, force=force, going=going)
