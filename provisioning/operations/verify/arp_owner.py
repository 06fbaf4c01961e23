"""On the LAN, the VIP belongs to one machine: the director that holds it (RFC 826, RFC 4861)."""

from ...facts.lan.neighbours import Way
from ...model.address import IPAddress
from ..cluster_state.state import ClusterState
from ..faults.vip_holder import holders
from .check import CheckResult
from .client_report import ClientReport

_ELSEWHERE = {
    "routed": "the client reaches it through a router, which hides who answers on the LAN",
    "local": "the client has the VIP itself, so it sees nothing of the LAN",
    "unknown": "the client could not tell its way there (no `ip` program, or no route)",
}


def check_owner(vip: IPAddress, state: ClusterState, report: ClientReport) -> CheckResult:
    """Whom the client sends to, and who else says that the VIP is theirs. Pure."""
    name = f"{vip} belongs to the master director alone"
    way = report.ways.get(str(vip), Way("unknown", None, None))
    if way.route in _ELSEWHERE:
        place = "name a host on the VIP's network in the inventory's group `clients`"
        return CheckResult(name, None, _ELSEWHERE[way.route], place)
    masters = holders(state, vip)
    if len(masters) != 1:
        claim = sorted((way.owners or frozenset()) | ({way.cached} if way.cached else set()))
        evidence = "no single director holds it; on the LAN it is claimed by " + (
            " and ".join(f"{_host(state, mac)} ({mac})" for mac in claim) or "nobody"
        )
        return CheckResult(name, False, evidence, "mend that first: see the check of the VIP")
    macs = set(state.directors[masters[0]].interfaces.macs.values())
    if strangers := sorted((way.owners or frozenset()) - macs):
        said = " and ".join(f"{_host(state, mac)} ({mac})" for mac in strangers)
        return CheckResult(name, False, f"answered for by {said} as well", _fix(state, strangers))
    if way.cached is None:
        return CheckResult(name, False, "nobody answers for it on the LAN", "`cluster status`")
    if way.cached not in macs:
        evidence = f"the client sends to {_host(state, way.cached)} ({way.cached}) instead"
        return CheckResult(name, False, evidence, "its ARP cache is stale: see vrrp.garp")
    evidence = f"{masters[0]} ({way.cached})"
    if way.owners is None:
        evidence += f"; whether others answer too could not be asked: {way.problem}"
    return CheckResult(name, True, evidence)


def _host(state: ClusterState, mac: str) -> str:
    return state.host_of_mac(mac) or "a machine that is not in the inventory"


def _fix(state: ClusterState, macs: list[str]) -> str:
    if any(state.host_of_mac(mac) in state.real_servers for mac in macs):
        return "`cluster deploy` sets arp_ignore and arp_announce on the real servers"
    if any(state.host_of_mac(mac) for mac in macs):
        return "two directors hold it: see the check of who holds it"
    return "find the machine by its MAC address; it uses the VIP as its own"
