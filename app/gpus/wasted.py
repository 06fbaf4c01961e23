"""GPUs that what speaks makes no use of."""

from pathlib import Path

from ..engines.interface import EngineInfo
from ..engines.registry import BY_CHOICE
from ..settings import Settings

_ROBOT = BY_CHOICE[-1]
_KERNEL = Path("/proc/driver/nvidia/gpus")
"""A folder for each card, without asking a driver that may hang."""


def is_wasted(engine: EngineInfo, settings: Settings, kernel: Path = _KERNEL) -> bool:
    """Tell whether a robot's voice speaks on a machine with GPUs."""
    if engine.name != _ROBOT or settings.gpus == ():
        return False
    try:
        return bool(settings.gpus_expected) or any(kernel.iterdir())
    except OSError:
        return False
