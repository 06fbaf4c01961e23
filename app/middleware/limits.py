"""Fair shares: jobs a minute and jobs at a time, by key and by address.

Each node counts for itself; a client that directors spread over three nodes gets three shares.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.middleware.api_keys import KEY_NAME
from app.middleware.job_start import checked
from app.middleware.moving_window import MovingWindow
from app.refusal import refusal


@dataclass(frozen=True, slots=True)
class Share:
    """Limits of one client; 0 is without limit."""

    a_minute: int = 0
    """Jobs begun in any sixty seconds."""
    at_a_time: int = 0
    """Requests of the API that are not answered to their end."""


class LimitsMiddleware:
    """Middleware that refuses jobs beyond a share with 429. What only looks does not count. What
    only looks does not count."""

    def __init__(self, app: ASGIApp, key: Share, client: Share) -> None:
        self._app = app
        self._shares = {"key": key, "client": client}
        self._window = MovingWindow()
        self._running: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; see the ASGI specification."""
        users = list(users_of(scope))
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
            item = RateLimitItemPerMinute(most)
            if seconds := await self._window.take(item, *user):
                return (
                    f"this {user[0]} may make {most} jobs a minute; try again in {seconds} s",
                    f"每分钟最多 {most} 个任务，请 {seconds} 秒后再试",
                    seconds,
                )
        return None


def _refusal(en: str, zh: str, seconds: int) -> Response:
    return refusal(429, "rate_limit_exceeded", en, zh, kind="rate_limit_error", retry_after=seconds)


def users_of(scope: Scope) -> Iterator[tuple[str, str]]:
    """Name the users whose share a request counts on: its key's, where there are keys, and its
    address's."""
    if name := scope.get(KEY_NAME):
        yield "key", name
    if client := scope.get("client"):
        yield "client", client[0]
