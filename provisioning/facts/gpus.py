"""GPUs of a real server, as its driver and its kernel tell. Pure but for reading package data."""

import re
import shlex
from dataclasses import dataclass
from typing import Any

from ..model.engine_declaration import Build
from ..model.gpus import Gpus
from ..resources.base import Observation
from .fact import Fact
from .probe import ProbeError, answer, python_probe

FATAL_XIDS = frozenset(
    {46, 48, 62, 64, 74, 79, 95, 110, 119, 120, 136, 140, 143, 151, 155, 156, 158}
)
"""Those after which a card has to be reset, or its host started anew, by NVIDIA's Xid catalog; the
app has the same, and says how they were chosen (``app/gpus/xids.py``)."""
_XID = re.compile(r"NVRM: Xid \((?:PCI:)?([0-9A-Fa-f:.]+)\): (\d+)")
_SLOW = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}
"""Bits of the clocks' event reasons that slow a card down against anybody's wish (nvml.h)."""
_RECOVERY = {
    1: "a reset",
    2: "a reboot of its host",
    4: "a reset",
    6: "a reset of its bus",
    7: "a reboot of its host",
}
"""Actions without which a card is not whole (nvmlDeviceGpuRecoveryAction_t in nvml.h)."""
_DRIVER = "/proc/driver/nvidia/version"


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU; nothing where it does not tell. Sizes are bytes."""

    index: int
    name: str
    uuid: str
    capability: float | None
    """Compute capability, which says which code it runs."""
    memory_total: int | None
    memory_used: int | None
    utilization: int | None
    """Percent."""
    temperature: int | None
    """Degrees Celsius."""
    power: int | None
    """Watts that it draws."""
    recovery: str
    """Treatment without which the driver does not trust it; empty where it asks for none, or is
    older than 565 and cannot say."""
    ecc_uncorrected: int | None
    """Memory errors that could not be corrected since the driver was loaded."""
    throttling: tuple[str, ...]
    processes: int | None
    mig: int
    """MIG instances on it."""
    xids: tuple[int, ...]
    """Errors in the kernel's log since the host started, in their order."""
    lost: str
    """Error by which the driver does not reach it; empty where it does."""

    @property
    def fatal_xids(self) -> tuple[int, ...]:
        """Those after which it cannot be trusted."""
        return tuple(xid for xid in self.xids if xid in FATAL_XIDS)


@dataclass(frozen=True, slots=True)
class GpusFound:
    """The GPUs of a host with a driver, or of one that should have some."""

    driver: str
    cuda: str
    """Newest version that the driver can do; empty where it does not tell."""
    cards: tuple[Card, ...]
    problem: str
    """Reason for which no card can be seen; empty where there is none."""
    lacking: tuple[str, ...]
    """Differences from what the inventory expects, in words."""
    other_xids: tuple[int, ...] = ()
    """Errors in the kernel's log of cards that do not tell their place any more."""


def gpus(expected: Gpus | None, *, python: str, dmesg: str = "dmesg") -> Fact[GpusFound | None]:
    """The GPUs of a host; None where there is no driver and none is expected. ``dmesg`` prints the
    kernel's log."""
    fragment = _probe(expected, python, dmesg, require=False)
    if expected is None:
        # Most hosts without a GPU are spared the start of a Python.
        fragment = f"[ -e {_DRIVER} ] || exit 0\n{fragment}"
    return Fact("gpus", fragment, _parse)


def gpus_required(expected: Gpus, *, python: str) -> str:
    """Fragment that fails where a host lacks what is expected, and says what."""
    # Before the first deploy there may be no Python yet; the kernel's word is enough then.
    count = (
        f"command -v {shlex.quote(python)} > /dev/null || {{\n"
        "set -- /proc/driver/nvidia/gpus/*\n"
        '[ -e "$1" ] || shift\n'
        f'echo "$# of {expected.count} GPUs are there"; [ $# -ge {expected.count} ]; exit; }}\n'
    )
    return count + _probe(expected, python, "", require=True)


def build_required(title: str, build: Build, *, python: str) -> str:
    """Fragment that fails where driver or cards of a host do not run a build, and says why."""
    # What makes environments may be installed by the deploy itself; it is asked again then.
    later = f"command -v {shlex.quote(python)} > /dev/null || exit 0\n"
    wanted = {"title": title, "driver": build.driver, "capability": build.capability}
    argument = {"expected": None, "build": wanted, "require": True, "dmesg": ""}
    return later + python_probe("gpus", argument, python=python)


def _probe(expected: Gpus | None, python: str, dmesg: str, *, require: bool) -> str:
    wanted = expected.model_dump() if expected else None
    argument = {"expected": wanted, "build": None, "require": require, "dmesg": dmesg}
    return python_probe("gpus", argument, python=python)


def _parse(found: Observation) -> GpusFound | None:
    if not found.stdout.strip() and found.status == 0:
        return None
    try:
        told = answer(found)
    except ProbeError as error:
        return GpusFound("", "", (), f"the GPUs cannot be asked for: {error}", ())
    xids = _xids(told["kernel"])
    cards = tuple(_card(card, xids) for card in told["cards"])
    return GpusFound(
        driver=told["driver"],
        cuda=".".join(map(str, told["cuda"] or ())),
        cards=cards,
        problem=told["problem"],
        lacking=tuple(told["lacking"]),
        other_xids=tuple(xid for rest in xids.values() for xid in rest),
    )


def _card(told: dict[str, Any], xids: dict[str, list[int]]) -> Card:
    """A card with its Xids, which are taken out of ``xids``. A lost one tells its number alone."""
    bits = told.get("throttling") or 0
    return Card(
        index=told["index"],
        name=told.get("name", ""),
        uuid=told.get("uuid", ""),
        capability=told.get("capability"),
        memory_total=told.get("memory_total"),
        memory_used=told.get("memory_used"),
        utilization=told.get("utilization"),
        temperature=told.get("temperature"),
        power=None if told.get("power") is None else round(told["power"] / 1000),
        recovery=_RECOVERY.get(told.get("recovery") or 0, ""),
        ecc_uncorrected=told.get("ecc_uncorrected"),
        throttling=tuple(word for bit, word in _SLOW.items() if bits & bit),
        processes=told.get("processes"),
        mig=told.get("mig", 0),
        xids=tuple(xids.pop(_place(told.get("pci", "")), ())),
        lost=told["lost"],
    )


def _xids(kernel: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for line in kernel:
        if seen := _XID.search(line):
            found.setdefault(_place(seen[1]), []).append(int(seen[2]))
    return found


def _place(bus: str) -> str:
    """Bus and device: the kernel leaves the function out, and NVML writes a longer domain."""
    domain, _, rest = bus.lower().partition(":")
    return f"{domain[-4:]}:{rest.partition('.')[0]}"
