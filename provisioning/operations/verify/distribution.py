"""Connections of one client go to the nodes that the scheduler and persistence choose.

What is expected follows the schedulers' definitions in ipvsadm(8). Other clients' connections
move the turn as well, so exact counts are asked for only where there were none.
"""

from collections import Counter
from math import gcd

from ...facts.ipvs.table import TableServer, TableService
from ...model.service import Scheduler
from ...roles.wanted_services import WantedService
from .check import CheckResult
from .client_report import ClientReport

_ROUNDS = 4
_MOST = 64
_AFEW = 6
_LEAST_CONNECTIONS = (Scheduler.LC, Scheduler.WLC, Scheduler.SED, Scheduler.NQ)
_FIX = "compare `cluster status` with the inventory's scheduler, persistence and weights"


def connections_for(wanted: WantedService, table: TableService | None) -> int:
    """Number of connections that tell: whole turns of the scheduler, within bounds."""
    healthy = _healthy(wanted, table)
    if _one_node(wanted) or not healthy:
        return _AFEW
    if wanted.service.scheduler is Scheduler.WRR:
        turn = _turn(healthy)
        return min(turn * max(1, _ROUNDS * len(healthy) // turn), _MOST)
    return min(_ROUNDS * len(healthy), _MOST)


def check_spread(
    wanted: WantedService, table: TableService | None, report: ClientReport, foreign: int
) -> CheckResult:
    """Check the nodes that answered. ``table`` is the master's before the requests, ``foreign`` the
    number of connections that others made meanwhile. Pure."""
    name = f"requests to {wanted.endpoint} spread as {_how(wanted)} says"
    replies = [r for r in report.replies.get(wanted.endpoint, ()) if r.status == 200]
    healthy = _healthy(wanted, table)
    if not replies or not healthy or table is None:
        evidence = "there was no answer" if not replies else "no single director has a table"
        return CheckResult(name, False, evidence, "see the other checks")
    if any(reply.node is None for reply in replies):
        evidence = "answers do not say which node they are from"
        return CheckResult(name, None, evidence, "is the app on that port ours?")
    counts = Counter(str(reply.node) for reply in replies)
    shown = ", ".join(f"{node} {counts[node]}" for node in sorted(counts | dict.fromkeys(healthy)))
    if foreign > 0:
        shown += f" (connections of others meanwhile: {foreign})"
    if unknown := sorted(counts.keys() - healthy.keys()):
        evidence = f"{shown}; not a node in service there: {', '.join(unknown)}"
        return CheckResult(name, False, evidence, _FIX)
    problem = _problem(wanted, table, counts, healthy, exact=foreign <= 0)
    if problem:
        return CheckResult(name, False, f"{shown}; {problem}", _FIX)
    return CheckResult(name, True, shown)


def _healthy(wanted: WantedService, table: TableService | None) -> dict[str, int]:
    """Weights of the nodes that get new connections."""
    found = {}
    for server in table.servers if table else ():
        name = wanted.name_of((server.address, server.port))
        if name and server.weight > 0:
            found[name] = server.weight
    return found


def _turn(weights: dict[str, int]) -> int:
    """Connections until weighted round robin begins anew."""
    return sum(weights.values()) // gcd(*weights.values())


def _one_node(wanted: WantedService) -> bool:
    service = wanted.service
    hashed = service.scheduler in (Scheduler.SH, Scheduler.MH) and not service.hash_port
    by_destination = service.scheduler in (Scheduler.DH, Scheduler.FO)
    return service.persistence is not None or hashed or by_destination


def _how(wanted: WantedService) -> str:
    scheduler = wanted.service.scheduler.value
    return f"{scheduler} with persistence" if wanted.service.persistence else scheduler


def _problem(
    wanted: WantedService,
    table: TableService,
    counts: Counter[str],
    healthy: dict[str, int],
    *,
    exact: bool,
) -> str:
    scheduler = wanted.service.scheduler
    if _one_node(wanted):
        return "one client should stay with one node" if len(counts) > 1 else ""
    if scheduler is Scheduler.WRR and _turn(healthy) > _MOST:
        # Too long a turn to see the whole of; its part starts with the heaviest nodes.
        return ""
    if scheduler in (Scheduler.RR, Scheduler.WRR):
        if missing := sorted(healthy.keys() - counts.keys()):
            return f"no request reached {', '.join(missing)}"
        return _turns(scheduler, counts, healthy) if exact else ""
    if scheduler in _LEAST_CONNECTIONS and exact:
        return _least_connections(wanted, table, counts)
    if scheduler in (Scheduler.SH, Scheduler.MH) and len(counts) < min(2, len(healthy)):
        return "connections from different ports should not all go to one node"
    return ""


def _turns(scheduler: Scheduler, counts: Counter[str], healthy: dict[str, int]) -> str:
    weights = healthy if scheduler is Scheduler.WRR else dict.fromkeys(healthy, 1)
    for node, weight in weights.items():
        share = counts.total() * weight / sum(weights.values())
        if abs(counts[node] - share) > 1:
            return f"{node} should have had {share:.0f}"
    return ""


def _least_connections(wanted: WantedService, table: TableService, counts: Counter[str]) -> str:
    """Each connection goes where the scheduler's cost is least at that time. The last one that a
    node got must not have cost more than it would have at a node that got none, with one
    connection's allowance, as old ones end meanwhile."""
    servers = {wanted.name_of((s.address, s.port)): s for s in table.servers if s.weight > 0}
    for unseen in servers.keys() - counts.keys():
        free = _cost(wanted.service.scheduler, servers[unseen], 1)
        for node, count in counts.items():
            if _cost(wanted.service.scheduler, servers[node], count - 1) > free:
                return f"{unseen} had fewer connections and got none"
    return ""


def _cost(scheduler: Scheduler, server: TableServer, further: int) -> float:
    active = server.active + further
    if scheduler is Scheduler.LC:
        return active * 256 + server.inactive
    if scheduler is Scheduler.WLC:
        return (active * 256 + server.inactive) / server.weight
    if scheduler is Scheduler.NQ and active == 0:
        return 0
    return (active + 1) / server.weight
