"""Xid errors: the driver's messages about a card, by number.

The numbers are from NVIDIA's Xid catalog as of October 2025, "Analyzing Xid Errors with the Xid
Catalog" below https://docs.nvidia.com/deploy/xid-errors/, and from the health check of NVIDIA's
k8s-device-plugin (``internal/rm/health.go``).
"""

import ctypes
from typing import Any

APPLICATION = frozenset({13, 31, 43, 45, 68, 109})
"""Those that a program brings about, after which the card works as before: what the device plugin
lists as application errors. The catalog has a reset for 109, a context switch that took too long;
where one is needed, drivers since 570 say so by the recovery action, which is read as well."""
FATAL = frozenset({46, 48, 62, 64, 74, 79, 95, 110, 119, 120, 136, 140, 143, 151, 155, 156, 158})
"""Those after which a card has to be reset, or its host started anew, before it can be trusted:
where the catalog's immediate action is RESET_GPU, RESTART_BM or RESTART_VM, but for those above;
and 48 and 74, whose action is a workflow and whose text says so. Of 144 to 150 (NVLink 5) it
depends on a part of the message that no event has; the recovery action tells of them."""


class XidEvents:
    """Xid errors as they happen, by the index of the card.

    Through NVML, whose events any account may ask for that may open the card. The kernel's log has
    them too, and those from before, but is closed to the app's account and unit
    (``kernel.dmesg_restrict``, ``ProtectKernelLogs``); `cluster status`, which is root, reads that.
    """

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._set = nvml.nvmlEventSetCreate()
        self._cards: dict[int | None, int] = {}
        for index in range(nvml.nvmlDeviceGetCount()):
            self._register(index)

    def new(self) -> list[tuple[int, int]]:
        """Index and Xid of those that came since the last call. One of a MIG instance is the
        card's: what a fatal one asks for, a reset, is no instance's own."""
        found: list[tuple[int, int]] = []
        while True:
            try:
                # No time at all: what is there is taken.
                event = self._nvml.nvmlEventSetWait_v2(self._set, 0)
            except self._nvml.NVMLError:
                return found
            index = self._cards.get(_place(event.device))
            if index is not None:
                found.append((index, int(event.eventData)))

    def _register(self, index: int) -> None:
        try:
            handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
            kind = self._nvml.nvmlEventTypeXidCriticalError
            self._nvml.nvmlDeviceRegisterEvents(handle, kind, self._set)
        except self._nvml.NVMLError:
            # Lost, or of a kind that tells none.
            return
        self._cards[_place(handle)] = index


def _place(handle: Any) -> int | None:
    """The driver gives a card one handle for as long as it is loaded; of a lost one nothing else
    can be asked."""
    return ctypes.cast(handle, ctypes.c_void_p).value
