"""Checks on the hosts themselves: the rules of faults, each with its evidence."""

from collections.abc import Mapping

from ...model.derived.resolve import sync_daemon_of
from ...model.derived.way_in import edges_alone
from ...model.inventory import Inventory
from ..cluster_state.state import ClusterState
from ..faults.claims import claim_faults
from ..faults.clocks import ALLOWED, clock_faults
from ..faults.drift import drift_faults
from ..faults.fault import Fault
from ..faults.nodes import node_faults
from ..faults.releases import release_faults
from ..faults.tables import (
    absent_server_faults,
    sync_faults,
    table_faults,
)
from ..faults.vip_holder import holders, vip_holder_faults
from ..faults.vip_on_lo import vip_on_lo_faults
from .check import CheckResult


def checks_inside(inventory: Inventory, state: ClusterState) -> list[CheckResult]:
    """Check the holders of the VIPs, the kernels' tables, and everything that runs. Pure."""
    vips = bool(inventory.virtual_ips)
    return [
        _all_seen(state),
        *(() if edges_alone(inventory) else _checks_of_directors(inventory, state)),
        from_faults(
            f"every node is ready, at its own address{' and at the VIPs' * vips}",
            node_faults(inventory, state),
            state.real_servers,
            ", ".join(state.real_servers),
        ),
        from_faults(
            "all nodes have the same release",
            release_faults(inventory, state),
            state.real_servers,
            next((one.release for one in state.real_servers.values()), ""),
        ),
        from_faults(
            "nodes know each other",
            drift_faults(inventory, state),
            state.real_servers,
            ", ".join(state.real_servers),
        ),
        _clocks(inventory, state),
    ]


def _checks_of_directors(inventory: Inventory, state: ClusterState) -> list[CheckResult]:
    return [
        from_faults(
            "one director holds each VIP",
            vip_holder_faults(inventory, state),
            state.directors,
            _who_holds(inventory, state),
        ),
        _claims(inventory, state),
        from_faults(
            "real servers have the VIPs on lo and are silent about them",
            vip_on_lo_faults(inventory, state),
            state.real_servers,
            ", ".join(state.real_servers),
        ),
        from_faults(
            "kernel tables are as the inventory says",
            table_faults(inventory, state),
            state.directors,
            f"services, schedulers and weights on {', '.join(state.directors)}",
        ),
        from_faults(
            "every real server is in service",
            absent_server_faults(inventory, state),
            state.directors,
            f"{', '.join(inventory.real_servers.hosts)} on {', '.join(state.directors)}",
        ),
        _sync(inventory, state),
    ]


def from_faults(
    name: str, faults: list[Fault], looked_at: Mapping[str, object], evidence: str
) -> CheckResult:
    """A check that holds where a rule found nothing, and where there was something to look at."""
    if not looked_at:
        return CheckResult(name, False, "none of the hosts could be looked at", "see above")
    if faults:
        return CheckResult(name, False, "; ".join(map(str, faults)), faults[0].fix)
    return CheckResult(name, True, evidence)


def _all_seen(state: ClusterState) -> CheckResult:
    name = "every host can be looked at"
    if state.unreachable:
        evidence = "; ".join(f"{host}: {reason}" for host, reason in state.unreachable.items())
        return CheckResult(name, False, evidence, "the checks below hold for the other hosts only")
    others = (name for hosts in state.others.values() for name in hosts)
    count = len({*state.directors, *state.real_servers, *state.storage, *others})
    return CheckResult(name, True, f"{count} hosts")


def _claims(inventory: Inventory, state: ClusterState) -> CheckResult:
    name = "nobody else speaks for the VIPs"
    asked = [one for one, director in state.directors.items() if not director.claims.problem]
    if state.directors and not asked:
        why = next(iter(state.directors.values())).claims.problem
        return CheckResult(name, None, f"could not be asked: {why}")
    evidence = f"asked on the LAN by {', '.join(asked)}"
    return from_faults(name, claim_faults(inventory, state), state.directors, evidence)


def _clocks(inventory: Inventory, state: ClusterState) -> CheckResult:
    name = "the hosts' clocks agree"
    if not state.clocks:
        return CheckResult(name, None, "no host told the time")
    faults = clock_faults(inventory, state)
    return from_faults(name, faults, state.clocks, f"{len(state.clocks)}, within {ALLOWED:g} s")


def _who_holds(inventory: Inventory, state: ClusterState) -> str:
    said = []
    for vip in (vip.address.ip for vip in inventory.virtual_ips):
        others = [
            f"{name} is {director.vrrp[vip]}"
            for name, director in state.directors.items()
            if vip in director.vrrp and not director.interfaces.offers(vip)
        ]
        said.append(", ".join([f"{vip} is on {' and '.join(holders(state, vip))}", *others]))
    return "; ".join(said)


def _sync(inventory: Inventory, state: ClusterState) -> CheckResult:
    name = "connections are copied to the backup"
    if inventory.ipvs.sync_daemon is None:
        return CheckResult(name, None, "the inventory turns the sync daemon off")
    if sync_daemon_of(inventory) is None:
        return CheckResult(name, None, "the inventory has one director")
    sides = ", ".join(f"{n}: {' and '.join(d.sync)}" for n, d in state.directors.items())
    return from_faults(name, sync_faults(inventory, state), state.directors, sides)
