"""Usage in the last so many seconds, in a window that moves: no burst at its turn."""

import math
import time

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter


class MovingWindow:
    """Usage counted by name."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._time = 0.0

    async def take(self, item: RateLimitItem, *names: str, cost: int = 1) -> int:
        """Take so many; 0 when they may be had, else the seconds until there is room again."""
        await self._mind_the_clock()
        if await self._limiter.hit(item, *names, cost=cost):
            return 0
        reset = (await self._limiter.get_window_stats(item, *names)).reset_time
        return max(1, math.ceil(reset - time.time()))

    async def _mind_the_clock(self) -> None:
        """Begin anew where the time of day was set back: the entries lie in the future, and would
        count until then."""
        now = time.time()
        if now < self._time - 1:
            await self._storage.reset()
        self._time = now
