"""The same work on many hosts, batch by batch, until too many have failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ...engine.fleet import Fleet
from ...transport.base import Transport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Hosts at a time, and when to stop."""

    batch: int
    """Hosts of a batch: the next one begins when all of it have ended."""
    max_fail: int | None = None
    """Hosts that may fail before the rest is left alone; None where any number may."""


@dataclass(slots=True)
class Outcomes(Generic[T]):
    """The outcome of each host, in the order in which they were named."""

    done: dict[str, T] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """Hosts that could not be worked on, and why."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Hosts that were not begun, and why."""


def in_batches(
    fleet: Fleet,
    names: Sequence[str],
    work: Callable[[str, Transport], T],
    rhythm: Rhythm,
    is_bad: Callable[[T], bool],
) -> Outcomes[T]:
    """Work on hosts, no one of which waits for the connections of others. A host that cannot be
    reached counts as one that failed."""
    found: Outcomes[T] = Outcomes()
    for start in range(0, len(names), rhythm.batch):
        failed = len(found.errors) + sum(map(is_bad, found.done.values()))
        if rhythm.max_fail is not None and failed > rhythm.max_fail:
            reason = f"not begun, because {failed} before failed (--max-fail)"
            found.skipped = dict.fromkeys(names[start:], reason)
            break
        some = names[start : start + rhythm.batch]
        found.done |= fleet.each_at_once(some, work)
        found.errors |= {name: str(fleet.errors[name]) for name in some if name in fleet.errors}
    return found
