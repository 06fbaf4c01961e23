"""An event loop whose clock jumps to the next event: hours of a cluster in seconds."""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: time passes instead. Nothing here has a file to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing will ever happen again")
        self.now += max(0.0, timeout)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, selector: _Jumping) -> None:
        self._jumping = selector
        super().__init__(selector)

    def time(self) -> float:
        return self._jumping.now


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of `work`, with `asyncio` and `time.monotonic` on the same virtual clock."""
    selector = _Jumping()
    real = time.monotonic
    time.monotonic = lambda: selector.now
    try:
        with asyncio.Runner(loop_factory=lambda: _Loop(selector)) as runner:
            return runner.run(work)
    finally:
        time.monotonic = real
