"""The GPUs of the machine, through NVML; none where there is no driver or no Python binding."""

import logging
from dataclasses import dataclass
from typing import Any

from app.outputs.time_limited import TimeLimitedExecutor

_PATIENCE = 2.0
_log = logging.getLogger("app.gpus")


@dataclass(frozen=True, slots=True)
class Gpu:
    """State of a GPU."""

    index: int
    name: str
    memory_used: int
    """Bytes, of all programs."""
    memory_total: int
    """Bytes."""
    utilization: float
    """Share of the last moment in which it computed, 0 to 1."""
    temperature: int
    """Degrees Celsius."""


class GpuWatch:
    """Reader of the driver, which may hang: in a thread, with a time limit."""

    def __init__(self) -> None:
        self.latest: list[Gpu] = []
        """As of the last ``refresh``."""
        self._nvml: Any = None
        self._tried = False
        self._thread = TimeLimitedExecutor("gpus", 1, _PATIENCE)

    async def refresh(self) -> list[Gpu]:
        """The GPUs now; those of the last time when the driver does not answer."""
        try:
            self.latest = await self._thread.call(self._read)
        except TimeoutError:
            _log.warning("the GPU driver does not answer")
        return self.latest

    def close(self) -> None:
        """Give up the thread."""
        self._thread.close()

    def _read(self) -> list[Gpu]:
        nvml = self._library()
        if nvml is None:
            return []
        try:
            return [_gpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError as error:
            _log.warning("the GPU driver answers with an error: %s", error)
            return []

    def _library(self) -> Any:
        if not self._tried:
            self._tried = True
            self._nvml = _load()
        return self._nvml


def _load() -> Any:
    try:
        # NVIDIA's own binding; the package is called nvidia-ml-py.
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        _log.info("no GPU: %s", error)
        return None
    return pynvml


def _gpu(nvml: Any, index: int) -> Gpu:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return Gpu(
        index=index,
        name=str(nvml.nvmlDeviceGetName(handle)),
        memory_used=int(memory.used),
        memory_total=int(memory.total),
        utilization=nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
        temperature=int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
    )
