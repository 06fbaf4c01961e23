"""The whole proof: look at the hosts, be a client, look at the counters again, judge."""

import time

from ...engine.fleet import Fleet
from ...facts.fact import Answers
from ...facts.gather import gather
from ...facts.ipvs.counters import IPVS_COUNTERS, Counters
from ...facts.ipvs.table import ServiceKey, TableFormatError, TableService
from ...model.cluster_record import ClusterRecord
from ...model.inventory import Inventory
from ...roles.wanted_services import WantedService, wanted_services
from ...transport.base import Transport, TransportError
from ..cluster_state.look import look_at
from ..cluster_state.state import ClusterState
from ..faults.shared_folder import shared_folder_faults
from ..faults.vip_holder import holders
from .answers import check_answers
from .arp_owner import check_owner
from .check import CheckResult
from .client_report import ClientReport
from .closed_ports import check_closed
from .direct_return import check_direct_return
from .distribution import check_spread, connections_for
from .edges import check_edges_inside, check_edges_outside
from .from_client import look_from
from .host_checks import checks_inside, from_faults
from .shared_write import (
    SharedWrite,
    check_shared_write,
    try_shared_write,
)
from .speech import check_speech
from .vantage_point import client_place

_COUNTING = 2.5
"""Seconds until IPVS' counters hold what passed; the kernel sums them every two seconds."""

AllCounters = dict[str, dict[ServiceKey, Counters]]
"""Counters of every director."""


def verify(
    inventory: Inventory, fleet: Fleet, ours: ClusterRecord, *, synthesis: bool = True
) -> list[CheckResult]:
    """Proves what the inventory promises; connects to what is not connected.

    The client is a host of the inventory's group ``clients``, or this machine where it has none;
    it needs python3. ``synthesis`` has a sentence spoken. Never raises for what happens on hosts.
    """
    before = look_at(inventory, fleet, ours)
    shared = try_shared_write(inventory, fleet, before) if inventory.storage else None
    wanted = wanted_services(inventory, before.runtime)
    requests = {
        one.endpoint: (one, connections_for(one, _master_table(before, one))) for one in wanted
    }
    try:
        place = client_place(inventory, fleet)
    except TransportError as error:
        return judge(inventory, before, ClientReport(problem=str(error)), {}, shared)
    report = look_from(place, inventory, requests, speak=synthesis)
    after = counters_of(inventory, fleet)
    if not report.problem and not _counted(before, after, wanted):
        time.sleep(_COUNTING)
        after = counters_of(inventory, fleet)
    return judge(inventory, before, report, after, shared)


def counters_of(inventory: Inventory, fleet: Fleet) -> AllCounters:
    """The directors' counters now, of those that can be read."""

    def look(name: str, transport: Transport) -> Answers:
        return gather(name, transport, (IPVS_COUNTERS,), timeout=30)

    counters = {}
    for name, seen in fleet.each(inventory.directors.hosts, look).items():
        try:
            counters[name] = seen[IPVS_COUNTERS]
        except TableFormatError:
            counters[name] = {}
    return counters


def judge(
    inventory: Inventory,
    before: ClusterState,
    report: ClientReport,
    after: AllCounters,
    shared: SharedWrite | None,
) -> list[CheckResult]:
    """Everything that was seen, as checks. Pure."""
    return [
        *checks_inside(inventory, before),
        *check_edges_inside(inventory, before),
        *_storage(inventory, before, shared),
        *_outside(inventory, before, report, after),
    ]


def _storage(
    inventory: Inventory, state: ClusterState, shared: SharedWrite | None
) -> list[CheckResult]:
    if inventory.storage is None:
        return [check_shared_write(inventory, None)]
    faults = shared_folder_faults(inventory, state)
    folder = str(inventory.storage.mount_point)
    return [
        from_faults("every node has the outputs folder", faults, state.real_servers, folder),
        check_shared_write(inventory, shared),
    ]


def _outside(
    inventory: Inventory, before: ClusterState, report: ClientReport, after: AllCounters
) -> list[CheckResult]:
    if report.problem:
        fix = "the inventory's group `clients` says where to look from"
        return [CheckResult("a client reaches the VIPs", False, report.problem, fix)]
    results = [check_owner(vip.address.ip, before, report) for vip in inventory.virtual_ips]
    for one in wanted_services(inventory, before.runtime):
        master = _master(before, one)
        earlier = before.directors[master].counters.get(one.key) if master else None
        later = after.get(master or "", {}).get(one.key)
        results += [
            check_answers(one, report),
            check_spread(
                one, _master_table(before, one), report, _foreign(one, report, earlier, later)
            ),
            check_direct_return(one, earlier, later),
        ]
    results += check_edges_outside(inventory, report)
    results += check_closed(inventory, report)
    results.append(check_speech(inventory, report))
    return results


def _foreign(
    one: WantedService, report: ClientReport, earlier: Counters | None, later: Counters | None
) -> int:
    """Number of connections that others made meanwhile."""
    if earlier is None or later is None:
        return 0
    ours = len(report.replies.get(one.endpoint, ())) + (report.speech is not None)
    return max(0, later.since(earlier).connections - ours)


def _master(state: ClusterState, one: WantedService) -> str | None:
    found = holders(state, one.vip)
    return found[0] if len(found) == 1 else None


def _master_table(state: ClusterState, one: WantedService) -> TableService | None:
    master = _master(state, one)
    if master is None:
        return None
    table = state.directors[master].table
    return next((service for service in table if service.key == one.key), None)


def _counted(before: ClusterState, after: AllCounters, wanted: list[WantedService]) -> bool:
    """True if every service's counters on its master have moved."""
    for one in wanted:
        master = _master(before, one)
        if master is None:
            continue
        earlier = before.directors[master].counters.get(one.key)
        if earlier is not None and after.get(master, {}).get(one.key) == earlier:
            return False
    return True
