"""Folding of equal log lines: many a second become one, with their number."""

import asyncio
import logging
from dataclasses import dataclass, field

from app.logs import REQUEST_ID

_EVERY = 1.0
"""Seconds."""


@dataclass(slots=True)
class _Folded:
    times: int = 0
    sums: dict[str, float] = field(default_factory=dict)

    def add(self, amounts: dict[str, float]) -> None:
        self.times += 1
        for name, amount in amounts.items():
            self.sums[name] = self.sums.get(name, 0) + amount


class FoldedLog:
    """The first line of a second is told at once, with its request's id; those like it are told as
    one at the end of the second, with the sums of what differs and how many ``times`` they are."""

    def __init__(self, log: logging.Logger, message: str) -> None:
        self._log = log
        self._message = message
        self._kept: dict[tuple[tuple[str, object], ...], _Folded] = {}
        self._timer: asyncio.TimerHandle | None = None

    def count(self, fields: dict[str, object], amounts: dict[str, float], request_id: str) -> None:
        """Log one line; lines are alike whose ``fields`` are."""
        key = tuple(fields.items())
        if folded := self._kept.get(key):
            folded.add(amounts)
            return
        self._kept[key] = _Folded()
        token = REQUEST_ID.set(request_id)
        self._log.info(self._message, extra=fields | _told(amounts))
        REQUEST_ID.reset(token)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_EVERY, self.tell)

    def tell(self) -> None:
        """Log what was kept back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        kept, self._kept = self._kept, {}
        for key, folded in kept.items():
            if folded.times:
                extra = dict(key) | _told(folded.sums) | {"times": folded.times}
                self._log.info(self._message, extra=extra)


def _told(amounts: dict[str, float]) -> dict[str, float]:
    return {name: round(amount, 3) for name, amount in amounts.items() if amount}
