"""Selection of GPUs for the workers."""

import importlib
import logging
import re
import subprocess
from typing import Any

from ..errors import NodeError

_log = logging.getLogger("app.gpus")
_GPU = re.compile(r"\d{1,3}|(GPU|MIG)-[0-9A-Za-z-]{4,80}")


class GpuSelectionError(NodeError, ValueError):
    """The cards that were asked for cannot be had; the message says what to do."""


def selected_gpus(wanted: str) -> tuple[str, ...] | None:
    """The cards that ``wanted`` names, as CUDA_VISIBLE_DEVICES takes them.

    ``inherit``: None, workers see what this process's environment shows them. ``none``: (), they
    see no card. ``all``: every card of this machine. Else numbers as ``nvidia-smi`` counts, or
    UUIDs, separated by commas. Raises ``GpuSelectionError``.
    """
    if wanted == "inherit":
        return None
    if wanted == "none":
        return ()
    if wanted == "all":
        return _all()
    named = tuple(name.strip() for name in wanted.split(","))
    for name in named:
        if not _GPU.fullmatch(name):
            raise GpuSelectionError(
                f"{name!r} is not a GPU; write inherit, none, all, or a list such as 0,1 "
                "(numbers or UUIDs as `nvidia-smi -L` shows them)"
            )
    if len(set(named)) < len(named):
        raise GpuSelectionError(f"{wanted!r} names a GPU twice; use --jobs-per-gpu")
    return named


def _all() -> tuple[str, ...]:
    found = _from_nvml()
    if found is None:
        found = _from_nvidia_smi()
    if found is None:
        raise GpuSelectionError(
            "'all' needs the NVIDIA driver: neither NVML (Python package nvidia-ml-py) nor "
            "nvidia-smi works here; name the cards instead, for example 0,1, or write none"
        )
    if not found:
        raise GpuSelectionError("'all' finds no GPU on this machine; write none")
    return found


def _from_nvml() -> tuple[str, ...] | None:
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:
        # Not installed, or its own NVMLError: no driver, no library, no permission.
        return None
    try:
        uuids = [_uuid(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
    finally:
        nvml.nvmlShutdown()
    return tuple(uuid for uuid in uuids if uuid)


def _uuid(nvml: Any, index: int) -> str:
    """Empty where the card is broken, or somebody else's: the others are worked with."""
    try:
        told = nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByIndex(index))
    except nvml.NVMLError as error:
        _log.warning("GPU %d is left out: %s", index, error)
        return ""
    # Bytes in releases before 11.5.
    return told.decode() if isinstance(told, bytes) else str(told)


def _from_nvidia_smi() -> tuple[str, ...] | None:
    command = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(line.strip() for line in done.stdout.splitlines() if _GPU.fullmatch(line.strip()))
