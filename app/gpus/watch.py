"""The GPUs of the machine, through NVML; none where there is no driver or no Python binding."""

import logging
import time
from dataclasses import replace
from typing import Any

from ..outputs.time_limited import TimeLimitedExecutor
from .gpu import Gpu
from .past_xids import PastXids
from .reading import gpus
from .xids import XidEvents

_PATIENCE = 2.0
_NO_DRIVER = 30.0
"""Seconds until a driver that was not there is looked for again: at boot it may come late."""
_log = logging.getLogger("app.gpus")


class GpuWatch:
    """Reader of the driver, which may hang: in a thread, with a time limit."""

    def __init__(self, past: PastXids | None = None) -> None:
        self.latest: list[Gpu] = []
        """As of the last ``refresh``."""
        self.silent = False
        """True while the driver does not answer."""
        self._past = past or PastXids(None)
        self._nvml: Any = None
        self._events: XidEvents | None = None
        self._look_at = 0.0
        self._thread = TimeLimitedExecutor("gpus", 1, _PATIENCE)

    @property
    def there(self) -> bool:
        """True where there is a driver."""
        return self._nvml is not None

    async def refresh(self) -> list[Gpu]:
        """The GPUs now; those of the last time when the driver does not answer."""
        try:
            await self._thread.call(self._read)
        except TimeoutError:
            if not self.silent:
                _log.warning("the GPU driver does not answer")
            self.silent = True
        else:
            self.silent = False
        return self.latest

    def close(self) -> None:
        """Give up the thread."""
        self._thread.close()

    def _read(self) -> None:
        # Here, as the next call may read before the loop has seen the end of this one, and the
        # driver tells of each Xid once.
        self.latest = self._found()

    def _found(self) -> list[Gpu]:
        nvml = self._library()
        if nvml is None:
            return []
        try:
            events = self._events.new() if self._events else []
            found = _joined(self.latest, gpus(nvml), events)
            self._past.keep(found)
            return found
        except nvml.NVMLError as error:
            if not all(gpu.lost for gpu in self.latest):
                _log.warning("the GPU driver answers with an error: %s", error)
            return [replace(gpu, lost=gpu.lost or str(error)) for gpu in self.latest]

    def _library(self) -> Any:
        if self._nvml is None and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _NO_DRIVER
            if (nvml := _load()) is not None:
                self._events = _events(nvml)
                self.latest = self._past.read()
                self._nvml = nvml
        return self._nvml


def _joined(before: list[Gpu], now: list[Gpu], events: list[tuple[int, int]]) -> list[Gpu]:
    """The cards now, with what is remembered of them: names of those that are lost, and Xids of
    those that were not repaired since."""
    known = {gpu.index: gpu for gpu in before if gpu.mig is None}
    seen = {gpu.index for gpu in now}
    # A driver may also forget a card that it lost.
    now = now + [Gpu(index, lost="the driver lists it no more") for index in known.keys() - seen]
    return [
        gpu if gpu.mig is not None else _remembered(known.get(gpu.index), gpu, events)
        for gpu in now
    ]


def _remembered(before: Gpu | None, now: Gpu, events: list[tuple[int, int]]) -> Gpu:
    new = tuple(xid for index, xid in events if index == now.index)
    for xid in new:
        _log.warning("GPU %d: Xid %d", now.index, xid)
    if before is None:
        return replace(now, xids=new)
    if now.lost:
        now = replace(
            now,
            name=now.name or before.name,
            uuid=now.uuid or before.uuid,
            recovery=now.recovery or before.recovery,
        )
    return replace(now, xids=(() if _repaired(before, now) else before.xids) + new)


def _repaired(before: Gpu, now: Gpu) -> bool:
    """A card that was reset is reachable again, counts its errors from nought, and needs no more
    treatment."""
    if now.lost:
        return False
    back = bool(before.lost or (before.recovery and not now.recovery))
    return back or (now.ecc_uncorrected or 0) < (before.ecc_uncorrected or 0)


def _load() -> Any:
    try:
        # NVIDIA's own binding; the package is called nvidia-ml-py.
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        _log.debug("no GPU: %s", error)
        return None
    return pynvml


def _events(nvml: Any) -> XidEvents | None:
    if nvml is None:
        return None
    try:
        return XidEvents(nvml)
    except nvml.NVMLError as error:
        _log.info("the GPU driver tells of no Xid errors: %s", error)
        return None
