"""Knowledge of peers: what they say of themselves, and what others tell of them. Pure; times are
seconds on this node's clock, and only ages travel.

News of a peer is that it says something else than before, or that somebody does not hear from it.
It is passed on once, to all who ask what is new. That others do not hear from a peer makes it
doubtful, and no more: whether it is gone each node finds out by asking it.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from .peer import Condition, condition_of

_WITNESSES = 2
"""Peers that do not hear from another before it is doubtful to the rest: one alone may be the one
that is cut off, or had no turn."""
_BLUR = 1.0
"""Seconds by which times of other nodes may be wrong here: an answer takes no longer."""

Told = list[Any]
"""Of one peer, as it travels: its name, the age of what it said, this, and the age of what it last
said to those who miss it, by their names."""


@dataclass(slots=True)
class Known:
    """Knowledge of one peer."""

    condition: Condition
    spoke: float
    """Time it last spoke to somebody, as far as is known here."""
    heard: float = -math.inf
    """Time it last answered this node."""
    missed: dict[str, float] = field(default_factory=dict)
    """Nodes that do not hear from it, and when it last spoke to them."""
    number: int = 0
    """Place of the last news of it among all news."""
    refused: float = -math.inf
    """Time at which it took no connection of this node."""

    @property
    def gone(self) -> bool:
        """True where it has not spoken since it took no connection."""
        return self.refused >= self.spoke

    @property
    def doubtful(self) -> bool:
        """True where so many do not hear from it that it must be asked."""
        return len(self.missed) >= _WITNESSES

    def miss(self, by: str, since: float) -> bool:
        """Note who does not hear from it since when; return whether that is news."""
        if by in self.missed or self.doubtful or since < self.spoke - _BLUR:
            return False
        self.missed[by] = since
        return True

    def catch_up(self, said: Condition, spoke: float) -> bool:
        """Note what it has said to another node; return whether that is news."""
        later = spoke > self.spoke
        if self.condition.process == said.process and said.version != self.condition.version:
            later = said.version > self.condition.version
        news = later and said.differs(self.condition)
        if news:
            self.condition = said
        if spoke > self.spoke + _BLUR and self.missed:
            self.missed.clear()
            news = True
        self.spoke = max(self.spoke, spoke)
        return news


class Knowledge:
    """Knowledge of all peers. ``process`` is this node's."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._known: dict[str, Known] = {}
        self._number = 0

    def get(self, name: str) -> Known | None:
        """Return what is known of a peer; None where it was never heard of, or is gone."""
        known = self._known.get(name)
        return None if known is None or known.gone else known

    def last_heard(self, name: str) -> float:
        """Time a peer last answered this node, gone or not."""
        known = self._known.get(name)
        return -math.inf if known is None else known.heard

    def met(self, name: str) -> bool:
        """Tell whether a peer was ever heard of."""
        return name in self._known

    def keep(self, names: Collection[str]) -> None:
        """Forget all peers but these."""
        self._known = {name: known for name, known in self._known.items() if name in names}

    def refused(self, name: str, by: str, now: float) -> bool:
        """Take a peer for gone that took no connection of ``by``, this node, until it speaks
        again; return whether it was there."""
        known = self.get(name)
        if known is None:
            return False
        known.refused = now
        self.missed(name, by)
        return True

    def spoke(self, name: str, said: Condition, now: float) -> None:
        """Note a peer's own answer."""
        before = self._known.get(name)
        if before is None or before.missed or said.differs(before.condition):
            self._known[name] = Known(said, now, now, number=self._next())
        else:
            before.condition, before.spoke, before.heard = said, now, now

    def missed(self, name: str, by: str) -> None:
        """Note that ``by``, this node, does not hear from a peer."""
        known = self._known.get(name)
        if known is not None and known.miss(by, known.heard):
            known.number = self._next()

    def told(self, told: Any, asked: float, names: Collection[str]) -> list[str]:
        """Take in what a peer that was asked at a time tells of those ``names``; return of whom
        that was news. Raises ValueError."""
        try:
            return [one[0] for one in told if one[0] in names and self._take(one, asked)]
        except (TypeError, AttributeError, LookupError, ValueError) as error:
            raise ValueError(f"no news: {error}") from error

    def news(self, since: str | None, now: float) -> tuple[list[Told], str]:
        """News after a place in the order of all of them, or all that is known, and the place of
        the last one. Places of another process are none."""
        process, _, number = (since or "").partition(":")
        known_there = int(number) if process == self._process and number.isdecimal() else 0
        told = [
            _told(name, known, now)
            for name, known in self._known.items()
            if known.number > known_there
        ]
        return told, f"{self._process}:{self._number}"

    def _take(self, told: Told, asked: float) -> bool:
        name, age, content, missed = told
        said, spoke = condition_of(content), asked - float(age)
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = Known(said, spoke)
            news = True
        else:
            news = known.catch_up(said, spoke)
        for by, since in missed.items():
            news = known.miss(str(by), asked - float(since)) or news
        if news:
            known.number = self._next()
        return news

    def _next(self) -> int:
        self._number += 1
        return self._number


def _told(name: str, known: Known, now: float) -> Told:
    missed = {by: round(now - when, 3) for by, when in known.missed.items()}
    return [name, round(now - known.spoke, 3), known.condition.as_json(), missed]
