"""Whether a card can be trusted. Pure."""

from collections.abc import Sequence

from .gpu import Gpu
from .xids import FATAL


def trouble(gpu: Gpu) -> str:
    """Reason for which a card should do no work until it is repaired; empty where there is none."""
    if gpu.lost:
        return f"is lost: {gpu.lost}"
    if fatal := [xid for xid in gpu.xids if xid in FATAL]:
        return f"had Xid {fatal[-1]}"
    if gpu.ecc_uncorrected:
        return f"has {gpu.ecc_uncorrected} uncorrectable memory errors"
    return ""


def card_of(gpus: Sequence[Gpu], name: str) -> Gpu | None:
    """The card that CUDA_VISIBLE_DEVICES names so, or that has the MIG instance of this name.
    None where there is no such card."""
    for gpu in gpus:
        if name == gpu.uuid or (gpu.mig is None and name == str(gpu.index)):
            return gpu if gpu.mig is None else card_of(gpus, str(gpu.index))
    return None


def troubles(gpus: Sequence[Gpu], names: Sequence[str]) -> dict[str, Gpu | None]:
    """Of the cards that are named, those in trouble; None for one that is not there at all."""
    found = {name: card_of(gpus, name) for name in names}
    return {name: gpu for name, gpu in found.items() if gpu is None or trouble(gpu)}


def told(name: str, gpu: Gpu | None) -> str:
    """The trouble of a card, in words."""
    if gpu is None:
        return f"GPU {name} is lost: the driver does not list it"
    return f"GPU {gpu.index} {trouble(gpu)}"
