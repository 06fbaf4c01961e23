"""Nobody gets more than a fair share: jobs a minute and jobs at a time, by key and by address.

The counting is done by `limits`, which has a moving window: no burst at the turn of a minute.
Each node counts for itself; a client that directors spread over three nodes gets three shares.
"""

import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.middleware.job_start import checked
from app.middleware.keys import KEY_NAME
from app.middleware.refusal import refusal


@dataclass(frozen=True, slots=True)
class Share:
    """What one client may have; 0 is without limit."""

    a_minute: int = 0
    """Jobs begun in any sixty seconds."""
    at_a_time: int = 0
    """Requests of the API that are not answered to their end."""


class Limits:
    """Refuses jobs with 429 that are beyond a share. What only looks does not count."""

    def __init__(self, app: ASGIApp, key: Share, client: Share) -> None:
        self._app = app
        self._shares = {"key": key, "client": client}
        self._storage = MemoryStorage()
        self._minutes = MovingWindowRateLimiter(self._storage)
        self._time = 0.0
        self._running: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        users = list(_users(scope))
        running: list[tuple[str, str]] = []

        async def may_begin() -> Response | None:
            if told := self._too_many(users) or await self._too_often(users):
                return _refusal(*told)
            running.extend(users)
            self._running.update(users)
            return None

        try:
            await checked(self._app, may_begin, scope, receive, send)
        finally:
            self._running.subtract(running)
            for user in running:
                if not self._running[user]:
                    del self._running[user]

    def _too_many(self, users: list[tuple[str, str]]) -> tuple[str, str, int] | None:
        for user in users:
            most = self._shares[user[0]].at_a_time
            if most and self._running[user] >= most:
                return (
                    f"{most} requests of this {user[0]} are running, which is the most",
                    f"同时进行的请求已达上限（{most} 个）",
                    1,
                )
        return None

    async def _too_often(self, users: list[tuple[str, str]]) -> tuple[str, str, int] | None:
        for user in users:
            most = self._shares[user[0]].a_minute
            if not most:
                continue
            await self._mind_the_clock()
            item: RateLimitItem = RateLimitItemPerMinute(most)
            if not await self._minutes.hit(item, *user):
                reset = (await self._minutes.get_window_stats(item, *user)).reset_time
                seconds = max(1, math.ceil(reset - time.time()))
                return (
                    f"this {user[0]} may make {most} jobs a minute; try again in {seconds} s",
                    f"每分钟最多 {most} 个任务，请 {seconds} 秒后再试",
                    seconds,
                )
        return None

    async def _mind_the_clock(self) -> None:
        """Where the time of day was set back, begin anew: what was counted lies in the future, and
        would count until then."""
        now = time.time()
        if now < self._time - 1:
            await self._storage.reset()
        self._time = now


def _refusal(en: str, zh: str, seconds: int) -> Response:
    return refusal(429, "rate_limit_exceeded", en, zh, kind="rate_limit_error", retry_after=seconds)


def _users(scope: Scope) -> Iterator[tuple[str, str]]:
    if name := scope.get(KEY_NAME):
        yield "key", name
    if client := scope.get("client"):
        yield "client", client[0]
