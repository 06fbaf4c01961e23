"""Holders of the VIPs: exactly one director each, the one whose Keepalived is MASTER."""

from ...facts.hosts.director import DirectorState
from ...facts.lan import vip_holder
from ...model.address import IPAddress
from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from .fault import Fault

_ADVERTS = (
    "one does not hear the other: let VRRP (IP protocol 112) pass between them; `cluster logs"
    " directors` tells one that hangs by its silence, `cluster plan` whether their settings differ"
)
_START = "`cluster deploy` starts it; `cluster logs directors` says why it ended"
_LOOK = "`cluster logs directors` says why"
_HANGS = (
    "keepalived-guard on the host starts Keepalived anew within seconds, and `cluster deploy` does"
    " so at once; if it hangs again and again, see the logs of both"
)


def vip_holder_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of the directors' VRRP."""
    faults = [
        Fault(name, "Keepalived does not run", _START)
        for name, director in state.directors.items()
        if not director.keepalived
    ]
    faults += [
        Fault(name, text, _HANGS)
        for name, director in state.directors.items()
        for text in director.hangs
    ]
    vips = [vip.address.ip for vip in inventory.virtual_ips]
    for vip in vips:
        faults += _holders(state, vip)
        for name, director in state.directors.items():
            if director.keepalived:
                faults += _word(name, director, vip)
    if inventory.vrrp.sync_group:
        faults += _apart(state, vips)
    return faults


def holders(state: ClusterState, vip: IPAddress) -> list[str]:
    """The directors that hold a VIP."""
    return vip_holder.holders({n: one.interfaces for n, one in state.directors.items()}, [vip])


def _holders(state: ClusterState, vip: IPAddress) -> list[Fault]:
    found = holders(state, vip)
    if len(found) > 1:
        return [Fault("", f"{' and '.join(found)} hold {vip} at the same time", _ADVERTS)]
    if not found and state.directors:
        return [Fault("", f"no director holds {vip}", _LOOK)]
    return []


def _word(name: str, director: DirectorState, vip: IPAddress) -> list[Fault]:
    """Differences between Keepalived's state and the kernel's addresses."""
    said, holds = director.vrrp.get(vip), director.interfaces.offers(vip)
    if said is None:
        return [Fault(name, f"Keepalived has not said what it is for {vip}", _LOOK)]
    if said not in ("MASTER", "BACKUP"):
        return [Fault(name, f"VRRP state of {vip} is {said}", _LOOK)]
    if holds != (said == "MASTER"):
        does = "holds" if holds else "does not hold"
        return [Fault(name, f"says it is {said} for {vip} but {does} it", _LOOK)]
    return []


def _apart(state: ClusterState, vips: list[IPAddress]) -> list[Fault]:
    held = {vip: holders(state, vip) for vip in vips}
    single = {vip: names[0] for vip, names in held.items() if len(names) == 1}
    if len(set(single.values())) > 1:
        where = ", ".join(f"{vip} on {name}" for vip, name in single.items())
        return [Fault("", f"the VIPs of one sync group are apart: {where}", _LOOK)]
    return []
