"""Xid errors: the driver's messages about a card, by number."""

import ctypes
from typing import Any

FATAL = frozenset({46, 48, 62, 64, 74, 79, 95, 109, 110, 119, 120, 136, 140, 143})
"""Those after which a card has to be reset, or its host started anew, before it can be trusted
(NVIDIA's Xid catalog). Others are a program's fault, or corrected by themselves."""


class XidEvents:
    """Xid errors as they happen, by the index of the card."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._set = nvml.nvmlEventSetCreate()
        self._cards: dict[int | None, int] = {}
        for index in range(nvml.nvmlDeviceGetCount()):
            self._register(index)

    def new(self) -> list[tuple[int, int]]:
        """Index and Xid of those that came since the last call."""
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
