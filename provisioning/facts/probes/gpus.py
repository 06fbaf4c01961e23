"""GPUs as NVIDIA's driver tells of them, card by card, and what is lacking of those expected.

Argument: ``{"expected": {"count": int, "model": str | null, "memory": GB | null} | null,
"build": {"title": str, "driver": int, "capability": float} | null, "require": bool, "dmesg":
str}``; ``build`` is of a program, with the oldest driver and the least compute capability that run
it. Prints ``{"driver": str, "cuda": [major, minor] | null,
"problem": str, "cards": [card], "kernel": [line], "lacking": [str]}`` with, as card, ``{"index",
"uuid", "name", "pci", "capability", "memory_total", "memory_used", "utilization", "temperature",
"power", "recovery", "ecc_uncorrected", "throttling", "processes", "mig", "lost"}``; null is what
the card does not tell, ``kernel`` its Xids in the kernel's log, which the program ``dmesg`` prints.
With ``require`` it prints what is lacking alone, and ends with 1 if anything is.

Through the driver's own library (NVML), not nvidia-smi: one broken card makes that end before it
tells of the others. Runs on a host, with no more than Python itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import subprocess
import sys
from typing import Any

LIBRARY = "libnvidia-ml.so.1"
GONE = (15, 16)
"""NVML_ERROR_GPU_IS_LOST, NVML_ERROR_RESET_REQUIRED."""
NO_PERMISSION = 4
RECOVERY_ACTION = 230
"""NVML_FI_DEV_GET_GPU_RECOVERY_ACTION, of drivers since 565."""
ROOM = 96
UNCORRECTED, VOLATILE = 1, 0
MAKERS = 0.95
"""Of the memory on the box: ECC and the driver take some of it before anybody counts."""
LINES = 50


class Memory(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


class Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class Pci(ctypes.Structure):
    _fields_ = [
        ("legacy", ctypes.c_char * 16),
        *((name, ctypes.c_uint) for name in ("domain", "bus", "device", "id", "subsystem")),
        ("bus_id", ctypes.c_char * 32),
    ]


class Field(ctypes.Structure):
    """nvmlFieldValue_t, of an unsigned value."""

    _fields_ = [
        *((name, ctypes.c_uint) for name in ("field", "scope")),
        *((name, ctypes.c_longlong) for name in ("when", "took")),
        *((name, ctypes.c_int) for name in ("type", "status")),
        ("value", ctypes.c_ulonglong),
    ]


class Nvml:
    def __init__(self) -> None:
        self.library = ctypes.CDLL(LIBRARY)
        self.library.nvmlErrorString.restype = ctypes.c_char_p

    def ask(self, name: str, answer: Any, *arguments: Any) -> Any:
        """The answer filled in; nothing where card or driver has none."""
        with contextlib.suppress(AttributeError):
            status = getattr(self.library, name)(*arguments, ctypes.byref(answer))
            if status in GONE:
                raise OSError(self.words(status))
            return answer if status == 0 else None
        return None

    def number(self, name: str, kind: Any, *arguments: Any) -> int | None:
        found = self.ask(name, kind(), *arguments)
        return None if found is None else int(found.value)

    def text(self, name: str, *before: Any) -> str:
        room = ctypes.create_string_buffer(ROOM)
        with contextlib.suppress(AttributeError):
            status = getattr(self.library, name)(*before, room, ROOM)
            if status in GONE:
                raise OSError(self.words(status))
            return room.value.decode(errors="replace") if status == 0 else ""
        return ""

    def words(self, status: int) -> str:
        return (self.library.nvmlErrorString(status) or b"").decode() or f"error {status}"

    def cards(self) -> list[dict[str, Any]]:
        count = self.number("nvmlDeviceGetCount_v2", ctypes.c_uint) or 0
        return [card for index in range(count) if (card := self.card(index)) is not None]

    def card(self, index: int) -> dict[str, Any] | None:
        card: dict[str, Any] = {"index": index, "lost": ""}
        handle = ctypes.c_void_p()
        status = self.library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle))
        if status == NO_PERMISSION:
            return None
        try:
            # Fallen off the bus, it may as well have no more than an unknown error.
            if status:
                raise OSError(self.words(status))
            self.describe(card, handle)
        except OSError as error:
            card["lost"] = str(error)
        return card

    def describe(self, card: dict[str, Any], handle: Any) -> None:
        uint, ulong = ctypes.c_uint, ctypes.c_ulonglong
        pci = self.ask("nvmlDeviceGetPciInfo_v3", Pci(), handle)
        card["pci"] = pci.bus_id.decode() if pci else ""
        card["uuid"] = self.text("nvmlDeviceGetUUID", handle)
        card["name"] = self.text("nvmlDeviceGetName", handle)
        card["capability"] = self.capability(handle)
        memory = self.ask("nvmlDeviceGetMemoryInfo", Memory(), handle)
        card["memory_total"] = memory and memory.total
        card["memory_used"] = memory and memory.used
        rates = self.ask("nvmlDeviceGetUtilizationRates", Utilization(), handle)
        card["utilization"] = rates and rates.gpu
        card["temperature"] = self.number("nvmlDeviceGetTemperature", uint, handle, 0)
        card["power"] = self.number("nvmlDeviceGetPowerUsage", uint, handle)
        action = self.ask("nvmlDeviceGetFieldValues", Field(field=RECOVERY_ACTION), handle, 1)
        told = action is not None and action.status == 0
        card["recovery"] = action.value & 0xFFFFFFFF if told else None
        card["ecc_uncorrected"] = self.number(
            "nvmlDeviceGetTotalEccErrors", ulong, handle, UNCORRECTED, VOLATILE
        )
        throttling = self.number("nvmlDeviceGetCurrentClocksThrottleReasons", ulong, handle)
        if throttling is None:
            throttling = self.number("nvmlDeviceGetCurrentClocksEventReasons", ulong, handle)
        card["throttling"] = throttling
        card["processes"] = self.processes(handle)
        card["mig"] = self.instances(handle)

    def capability(self, handle: Any) -> float | None:
        major, minor = ctypes.c_int(), ctypes.c_int()
        name = "nvmlDeviceGetCudaComputeCapability"
        told = self.ask(name, minor, handle, ctypes.byref(major))
        return None if told is None else major.value + minor.value / 10

    def processes(self, handle: Any) -> int | None:
        count = ctypes.c_uint(0)
        with contextlib.suppress(AttributeError):
            question = self.library.nvmlDeviceGetComputeRunningProcesses_v3
            # Without room it says how much is needed.
            status = question(handle, ctypes.byref(count), None)
            return count.value if status in (0, 7) else None
        return None

    def instances(self, handle: Any) -> int:
        most = self.number("nvmlDeviceGetMaxMigDeviceCount", ctypes.c_uint, handle) or 0
        asked = (
            self.ask("nvmlDeviceGetMigDeviceHandleByIndex", ctypes.c_void_p(), handle, number)
            for number in range(most)
        )
        return sum(instance is not None for instance in asked)


def look() -> dict[str, Any]:
    found: dict[str, Any] = {"driver": "", "cuda": None, "problem": "", "cards": []}
    try:
        nvml = Nvml()
    except OSError:
        return found | {"problem": f"there is no NVIDIA driver ({LIBRARY} cannot be loaded)"}
    if status := nvml.library.nvmlInit_v2():
        return found | {"problem": f"the NVIDIA driver does not work: {nvml.words(status)}"}
    cuda = nvml.number("nvmlSystemGetCudaDriverVersion_v2", ctypes.c_int)
    found["driver"] = nvml.text("nvmlSystemGetDriverVersion")
    found["cuda"] = cuda and [cuda // 1000, cuda % 1000 // 10]
    found["cards"] = nvml.cards()
    return found


def kernel(dmesg: str) -> list[str]:
    try:
        log = subprocess.run([dmesg], capture_output=True, timeout=5, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    lines = log.decode(errors="replace").splitlines()
    return [line for line in lines if "NVRM: Xid" in line][-LINES:]


def lacking(found: dict[str, Any], expected: dict[str, Any] | None) -> list[str]:
    if not expected or not expected["count"]:
        return []
    whole = [card for card in found["cards"] if not card["lost"]]
    texts = [
        f"GPU {card['index']} is lost: {card['lost']}" for card in found["cards"] if card["lost"]
    ]
    if len(whole) < expected["count"]:
        why = f": {found['problem']}" if found["problem"] else ""
        texts.insert(0, f"{len(whole)} of {expected['count']} GPUs are there{why}")
    for card in whole:
        name, memory = card["name"], card["memory_total"]
        if expected["model"] and expected["model"].lower() not in name.lower():
            texts.append(f"GPU {card['index']} is a {name}, not a {expected['model']}")
        if expected["memory"] and memory and memory < expected["memory"] * 1e9 * MAKERS:
            texts.append(f"GPU {card['index']} has {memory / 1e9:.0f} GB, not {expected['memory']}")
    return texts


def unfit(found: dict[str, Any], build: dict[str, Any] | None) -> list[str]:
    """Return what keeps a build from running here."""
    if not build:
        return []
    if found["problem"]:
        return [found["problem"]]
    texts = [] if found["cards"] else ["there is no GPU"]
    title, branch = build["title"], found["driver"].split(".")[0]
    if branch.isdigit() and int(branch) < build["driver"]:
        needs = f"{title} needs {build['driver']} or newer"
        texts.append(f"NVIDIA's driver is {found['driver']}, and {needs}")
    for card in found["cards"]:
        has = card.get("capability")
        if has is not None and has < build["capability"]:
            needs = f"{title} runs from {build['capability']} on"
            texts.append(f"GPU {card['index']} ({card['name']}) can do {has}, and {needs}")
    return texts


def main() -> int:
    argument = json.loads(sys.argv[1])
    found = look()
    found["lacking"] = lacking(found, argument["expected"]) + unfit(found, argument["build"])
    if argument["require"]:
        print("; ".join(found["lacking"]))
        return bool(found["lacking"])
    json.dump(found | {"kernel": kernel(argument["dmesg"])}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
