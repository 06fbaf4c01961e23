"""A rule: a question to hosts, and a judgement over their answers. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from ...facts.clock import Clock
from ...facts.fact import View
from ...model.derived.resolve import groups_of, managed_hosts
from ...model.inventory import Inventory
from .finding import Finding

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """Answers of the hosts that a rule asks."""

    inventory: Inventory
    hosts: Mapping[str, T]
    """By name, in the inventory's order; those that could not be asked are missing."""
    unseen: frozenset[str] = frozenset()
    """Hosts of the inventory that nobody looked at: away, or left out by ``--limit``."""
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    """Of the hosts that were looked at."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """One rule."""

    id: str
    """Words with hyphens between; a heading of docs/doctor.md."""
    view: Callable[[Inventory, str], View[T] | None]
    """Facts that a host is asked for, and their combination; nothing where the host is no concern
    of the rule."""
    judge: Callable[[Seen[T]], Iterable[Finding]]

    def findings(self, seen: Seen[T]) -> list[Finding]:
        """Everything that the rule finds, with its id."""
        return [replace(one, rule=self.id) for one in self.judge(seen)]


AnyRule = Rule[Any]


def asking(
    fact_of: Callable[[Inventory, str], Any], *groups: str
) -> Callable[[Inventory, str], View[Any] | None]:
    """View of one fact, which hosts of these groups are asked for; all that a deploy manages
    where no group is named. ``fact_of`` gives it, or nothing where a host is not to be asked."""

    def view(inventory: Inventory, name: str) -> View[Any] | None:
        if not in_groups(inventory, name, groups):
            return None
        fact = fact_of(inventory, name)
        return None if fact is None else View((fact,), lambda answers: answers[fact])

    return view


def in_groups(inventory: Inventory, name: str, groups: Iterable[str]) -> bool:
    """True if the host is in one of the groups, or of those that a deploy manages at all."""
    wanted = set(groups)
    if not wanted:
        return name in managed_hosts(inventory)
    return bool(wanted & set(groups_of(inventory, name)))
