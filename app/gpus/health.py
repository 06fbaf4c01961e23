"""Trust in a card, by what the driver tells of it. Pure."""

from .gpu import Gpu
from .xids import FATAL


def trouble(gpu: Gpu) -> str:
    """Reason for which a card should do no work until it is repaired; empty where there is none."""
    if gpu.lost:
        return f"is lost: {gpu.lost}"
    if fatal := [xid for xid in gpu.xids if xid in FATAL]:
        return f"had Xid {fatal[-1]}"
    if gpu.recovery:
        return f"needs {gpu.recovery}, by its driver's account"
    if gpu.ecc_uncorrected:
        return f"has {gpu.ecc_uncorrected} uncorrectable memory errors"
    return ""
