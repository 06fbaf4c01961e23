"""Requests that were let in and have not come to the queue yet: their bodies are being read and
checked. A place that is free is not promised to all who ask meanwhile."""

import time
from collections import OrderedDict
from collections.abc import Callable

_MOMENT = 0.25
"""Seconds for which a place is kept; a body that takes longer to come keeps none."""


class Coming:
    """Set of requests on their way: they are told apart by their ids; of those that have the same,
    one counts."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._until: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        now = self._now()
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
        return len(self._until)

    def expect(self, request_id: str) -> None:
        """Expect a request that was let in."""
        self._until[request_id] = self._now() + _MOMENT
        self._until.move_to_end(request_id)

    def came(self, request_id: str) -> None:
        """Forget a request that is at the queue, or will never be."""
        self._until.pop(request_id, None)
