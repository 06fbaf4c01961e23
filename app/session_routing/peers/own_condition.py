"""The condition of this node, as it tells it to others."""

import time
from dataclasses import replace

from .peer import Ask, Condition

_RESERVED_FOR = 2.0
"""Seconds in which a promised job arrives; then its place is free again."""


class OwnCondition:
    """Condition of one process: jobs it has, those promised to it, and how often it has changed."""

    def __init__(self, ask: Ask, process: str) -> None:
        self._ask = ask
        self._said = Condition(process=process)
        self._promised: list[float] = []

    def now(self) -> Condition:
        """Describe this node."""
        now = time.monotonic()
        self._promised = [when for when in self._promised if now - when < _RESERVED_FOR]
        own, before = self._ask(), self._said
        jobs = own.jobs + len(self._promised)
        said = replace(own, jobs=jobs, process=before.process, version=before.version)
        if said.differs(before):
            said = replace(said, version=before.version + 1)
        self._said = said
        return said

    def promise(self) -> None:
        """A session that begins a job is on its way here."""
        self._promised.append(time.monotonic())

    def arrived(self) -> None:
        """A promised job is here, and counts as itself from now on."""
        if self._promised:
            self._promised.pop(0)
