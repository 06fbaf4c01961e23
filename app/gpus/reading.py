"""Reading of the cards through NVML, card by card: one that is broken hides no other."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ..errors import NodeError
from .gpu import Gpu

_T = TypeVar("_T")
_REASONS = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}
"""Bits of the clocks' event reasons that slow a card down against anybody's wish (nvml.h)."""
_RECOVERY_ACTION = 230
"""NVML_FI_DEV_GET_GPU_RECOVERY_ACTION, which older bindings do not name."""
_RECOVERY = {
    1: "a reset",
    2: "a reboot of its host",
    4: "a reset",
    6: "a reset of its bus",
    7: "a reboot of its host",
}
"""Actions without which a card is not whole (nvmlDeviceGpuRecoveryAction_t). Others are about its
links to other cards, which no worker here uses."""
_GONE = ("NVML_ERROR_GPU_IS_LOST", "NVML_ERROR_RESET_REQUIRED")


class CardLostError(NodeError):
    """The driver does not reach the card; the message is its word for it."""


def gpus(nvml: Any) -> list[Gpu]:
    """Every card, each followed by its MIG instances. Raises NVMLError where the driver as a whole
    does not answer."""
    found: list[Gpu] = []
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            found += _card(nvml, index)
        except CardLostError as error:
            found.append(Gpu(index, lost=str(error)))
    return found


def _card(nvml: Any, index: int) -> list[Gpu]:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError_NoPermission:
        # Somebody else's, as in a container.
        return []
    except nvml.NVMLError as error:
        # Fallen off the bus, it may as well have no more than an unknown error.
        raise CardLostError(str(error)) from error
    return [_gpu(nvml, handle, index), *_instances(nvml, handle, index)]


def _instances(nvml: Any, card: Any, index: int) -> Iterator[Gpu]:
    for number in range(_told(nvml, nvml.nvmlDeviceGetMaxMigDeviceCount, card) or 0):
        handle = _told(nvml, nvml.nvmlDeviceGetMigDeviceHandleByIndex, card, number)
        if handle is not None:
            yield _gpu(nvml, handle, index, number)


def _gpu(nvml: Any, handle: Any, index: int, mig: int | None = None) -> Gpu:
    memory = _told(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    rates = _told(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
    processes = _told(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, handle)
    uncorrected = (nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC)
    return Gpu(
        index=index,
        name=str(_told(nvml, nvml.nvmlDeviceGetName, handle) or ""),
        memory_used=None if memory is None else int(memory.used),
        memory_total=None if memory is None else int(memory.total),
        utilization=None if rates is None else rates.gpu / 100,
        temperature=_told(nvml, nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
        power=_watts(_told(nvml, nvml.nvmlDeviceGetPowerUsage, handle)),
        power_limit=_watts(_told(nvml, nvml.nvmlDeviceGetEnforcedPowerLimit, handle)),
        uuid=str(_told(nvml, nvml.nvmlDeviceGetUUID, handle) or ""),
        mig=mig,
        processes=None if processes is None else len(processes),
        ecc_uncorrected=_told(nvml, nvml.nvmlDeviceGetTotalEccErrors, handle, *uncorrected),
        throttling=_throttling(nvml, handle),
        recovery=_recovery(nvml, handle) if mig is None else "",
    )


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000


def _recovery(nvml: Any, handle: Any) -> str:
    values = _told(nvml, nvml.nvmlDeviceGetFieldValues, handle, [_RECOVERY_ACTION])
    if not values or values[0].nvmlReturn != nvml.NVML_SUCCESS:
        return ""
    return _RECOVERY.get(values[0].value.uiVal, "")


def _throttling(nvml: Any, handle: Any) -> tuple[str, ...]:
    bits = _told(nvml, nvml.nvmlDeviceGetCurrentClocksEventReasons, handle)
    if bits is None:
        # Its name in drivers before 535.
        bits = _told(nvml, nvml.nvmlDeviceGetCurrentClocksThrottleReasons, handle)
    return tuple(word for bit, word in _REASONS.items() if (bits or 0) & bit)


def _told(nvml: Any, question: Callable[..., _T], *arguments: Any) -> _T | None:
    """The answer; nothing where this card or driver has none. Raises ``CardLostError``."""
    try:
        return question(*arguments)
    except nvml.NVMLError as error:
        if error.value in [getattr(nvml, name) for name in _GONE]:
            raise CardLostError(str(error)) from error
        return None
