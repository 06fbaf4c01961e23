"""Status of an edge, as ``cluster status`` shows it. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ...facts.cluster_record import CLUSTER_RECORD, RUN_HOLDER, remembered
from ...facts.edge_status import EDGE_VRRP, EdgeAnswer, edge_answer
from ...facts.fact import Answers, View
from ...facts.keepalived import KEEPALIVED_RUNS
from ...facts.lan.interfaces import INTERFACES
from ...facts.served_certificate import served_certificate
from ...model.derived.tls_hosts import python_of
from ...model.derived.way_in import edges_alone
from ...model.inventory import Inventory
from ..host_status import Cell, HostStatus

HOLDS, VRRP, NODES = "holds_vip", "vrrp", "nodes"
"""Keys of an edge's record: it has the VIP; its VRRP state; what it knows of each node, null where
that is nothing."""


def edge_view(inventory: Inventory, name: str) -> View[HostStatus]:
    """Facts of one edge, and what follows from them."""
    edges = inventory.edges
    assert edges is not None
    answer, vip = edge_answer(edges.port), edges.vip.address.ip
    # Where directors are, they have it.
    tls, keeps = inventory.tls, edges_alone(inventory) is not None
    shown = served_certificate(tls, python_of(inventory, name)) if tls else None

    def combine(seen: Answers) -> HostStatus:
        holds, vrrp = seen[INTERFACES].offers(vip), seen[EDGE_VRRP]
        runs, said = seen[KEEPALIVED_RUNS], seen[answer]
        keys = ("total_capacity", "healthy", "busy", "waiting")
        record = {
            HOLDS: holds,
            VRRP: vrrp,
            "keepalived": runs,
            "nginx": not said.problem,
            **{key: said.status.get(key) for key in keys},
            NODES: said.status.get("nodes"),
        }
        cells, certificate = _cells(said, vrrp, holds=holds), None
        if tls and shown:
            certificate, now = seen[shown], datetime.now(UTC)
            record["certificate"] = certificate.record(now)
            cells["certificate"] = Cell(*certificate.left_in_words(tls, now))
        faults = tuple(_faults(name, said, runs=runs, vrrp=vrrp))
        remembers = remembered(seen[CLUSTER_RECORD]) if keeps else None
        held_by = seen[RUN_HOLDER] if keeps else ""
        return HostStatus(record, cells, faults, certificate, remembers, held_by)

    more = (*((shown,) if shown else ()), *((CLUSTER_RECORD, RUN_HOLDER) if keeps else ()))
    facts = (INTERFACES, EDGE_VRRP, KEEPALIVED_RUNS, answer, *more)
    return View(facts, combine)


def _cells(said: EdgeAnswer, vrrp: str, *, holds: bool) -> dict[str, Cell]:
    status = said.status
    nodes = f"{status['healthy']} of {len(status['nodes'])}" if status else "unknown"
    jobs = f"{status['busy']} of {status['total_capacity']}" if status else "unknown"
    waiting = str(status["waiting"]) if status else "unknown"
    return {
        "VIP": Cell("holds it" if holds else "no", good=holds or vrrp == "BACKUP"),
        "VRRP": Cell(vrrp or "unknown", good=vrrp in ("MASTER", "BACKUP")),
        "Nginx": Cell("answers" if not said.problem else "silent", good=not said.problem),
        "nodes ready": Cell(nodes, good=status.get("status") == "healthy"),
        "jobs": Cell(jobs, good=bool(status)),
        "waiting": Cell(waiting, good=bool(status)),
    }


def _faults(name: str, said: EdgeAnswer, *, runs: bool, vrrp: str) -> Iterator[tuple[str, str]]:
    logs = f"see `cluster logs {name}`; `cluster deploy` starts it"
    if said.problem:
        yield f"Nginx does not answer: {said.problem}", logs
    elif not said.status:
        yield "it does not know how the nodes are: cosyvoice-edge is silent", logs
    if not runs:
        yield "Keepalived does not run", logs
    elif vrrp == "FAULT":
        yield "VRRP is in FAULT: Nginx does not answer, or its interface is down", logs
