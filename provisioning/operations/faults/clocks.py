"""The hosts' clocks agree: logs can be read side by side, and nothing that is dated goes wrong."""

from statistics import median_low

from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.fault import Fault

ALLOWED = 3.0
"""Seconds by which a clock may differ from most others."""


def clock_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Hosts whose clock is off, measured by most of the hosts and this machine."""
    right = median_low([0.0, *(clock.middle for clock in state.clocks.values())])
    faults = []
    for name, clock in state.clocks.items():
        if clock.least - right > ALLOWED or right - clock.most > ALLOWED:
            off = clock.middle - right
            text = f"its clock is {_span(abs(off))} {'ahead' if off > 0 else 'behind'}"
            fix = (
                f'`cluster exec --root {name} -- date -u -s "@$(date +%s)"` sets it by this'
                " machine's clock; an NTP client there keeps it right (Debian's package chrony)"
            )
            if abs(right) > ALLOWED:
                fix = "this machine's clock is off as well: set that first, then " + fix
            faults.append(Fault(name, text, fix))
    return faults


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
