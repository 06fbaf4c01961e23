"""Shares that are counted by the minute, and a clock that is set back."""

import time

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.middleware.limits import LimitsMiddleware, Share


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("spoken")(scope, receive, send)


@pytest.mark.parametrize("back", [600.0, 86400.0])
def test_a_clock_that_is_set_back_bars_nobody(monkeypatch: pytest.MonkeyPatch, back: float) -> None:
    client = TestClient(LimitsMiddleware(_app, Share(), Share(a_minute=2)))

    def ask() -> int:
        return client.post("/v1/audio/speech").status_code

    assert [ask() for _ in range(3)] == [200, 200, 429]
    machine_time = time.time
    monkeypatch.setattr(time, "time", lambda: machine_time() - back)
    assert [ask() for _ in range(3)] == [200, 200, 429]
