"""The node that should get a client's connections, by scheduler and persistence."""

from ipaddress import ip_address
from typing import Any

import pytest

from provisioning.facts.http_replies import HttpReply
from provisioning.facts.ipvs.table import TableServer, TableService
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.verify.check import CheckResult
from provisioning.operations.verify.client_report import ClientReport
from provisioning.operations.verify.distribution import check_spread, connections_for
from provisioning.roles.wanted_services import WantedService, wanted_services

NODES = {"rs1": "10.77.0.21", "rs2": "10.77.0.22", "rs3": "10.77.0.23"}


def wanted(**service: Any) -> WantedService:
    inventory = Inventory.model_validate(
        {
            "vip": "10.77.0.100",
            "directors": {"hosts": {"lvs1": "10.77.0.11"}},
            "real_servers": {"hosts": NODES},
            "services": [{"persistence": None, **service}],
        }
    )
    return wanted_services(inventory, Runtime())[0]


def table(active: str = "0 0 0", inactive: str = "0 0 0", weights: str = "1 1 1") -> TableService:
    columns = zip(NODES.values(), weights.split(), active.split(), inactive.split(), strict=True)
    servers = tuple(
        TableServer(ip_address(address), 7860, "Route", int(w), int(a), int(i))
        for address, w, a, i in columns
    )
    vip = ip_address("10.77.0.100")
    return TableService("TCP", vip, 7860, "rr", frozenset(), None, None, servers)


def seen(one: WantedService, nodes: str, before: TableService, foreign: int = 0) -> CheckResult:
    replies = tuple(HttpReply(200, node) for node in nodes.split())
    report = ClientReport(replies={one.endpoint: replies})
    return check_spread(one, before, report, foreign)


def test_round_robin_gives_every_node_its_turn() -> None:
    rr = wanted(scheduler="rr")
    assert connections_for(rr, table()) == 12
    assert seen(rr, "rs2 rs3 rs1 rs2 rs3 rs1 rs2", table()).ok
    missing = seen(rr, "rs1 rs2 " * 6, table())
    assert missing.ok is False and "rs3 0; no request reached rs3" in missing.evidence
    uneven = "rs1 rs1 rs1 rs1 rs2 rs3"
    assert seen(rr, uneven, table()).ok is False
    assert seen(rr, uneven, table(), foreign=9).ok, "others' connections take turns too"


def test_a_drained_node_gets_nothing() -> None:
    rr = wanted(scheduler="rr")
    drained = table(weights="1 0 1")
    assert connections_for(rr, drained) == 8
    assert seen(rr, "rs1 rs3 " * 4, drained).ok
    assert "not a node in service there: rs2" in seen(rr, "rs1 rs2 rs3", drained).evidence


def test_weighted_round_robin_follows_the_weights() -> None:
    wrr = wanted(scheduler="wrr")
    weighted = table(weights="200 100 100")
    assert connections_for(wrr, weighted) == 12
    assert seen(wrr, "rs1 rs1 rs2 rs3 " * 3, weighted).ok
    assert "rs1 should have had 6" in seen(wrr, "rs1 rs2 rs3 " * 4, weighted).evidence


@pytest.mark.parametrize(
    "service",
    [
        {"scheduler": "rr", "persistence": {"timeout": 60}},
        {"scheduler": "sh"},
        {"scheduler": "mh"},
        {"scheduler": "dh"},
    ],
)
def test_one_client_stays_with_one_node(service: dict[str, Any]) -> None:
    sticky = wanted(**service)
    assert connections_for(sticky, table()) == 6
    assert seen(sticky, "rs2 " * 6, table()).ok
    moved = seen(sticky, "rs2 rs2 rs3 rs2 rs2 rs2", table())
    assert moved.ok is False and "one client should stay" in moved.evidence


def test_hashing_the_port_gives_up_affinity() -> None:
    ported = wanted(scheduler="sh", hash_port=True)
    assert seen(ported, "rs1 rs3 rs1 rs1", table()).ok
    assert seen(ported, "rs1 " * 12, table()).ok is False


def test_least_connections_may_favour_the_idle_node_but_not_the_busy_one() -> None:
    wlc = wanted(scheduler="wlc")
    assert seen(wlc, "rs1 rs2 rs3 " * 4, table()).ok
    fresh = table(active="40 40 0")
    assert seen(wlc, "rs3 " * 12, fresh).ok, "a node that has just come back gets all"
    assert seen(wlc, "rs1 " * 12, fresh).ok is False
    only_first = seen(wlc, "rs1 " * 12, table())
    assert only_first.ok is False and "had fewer connections and got none" in only_first.evidence


def test_never_queue_uses_every_idle_node_first() -> None:
    nq = wanted(scheduler="nq")
    assert seen(nq, "rs1 rs2 rs3", table()).ok
    assert seen(nq, "rs1 " * 6, table()).ok is False
    assert seen(nq, "rs1 rs1", table(active="0 50 50")).ok


def test_a_node_of_another_cluster_is_found_out() -> None:
    result = seen(wanted(scheduler="rr"), "rs1 rs2 rs3 gpu9", table())
    assert result.ok is False and "gpu9" in result.evidence


def test_answers_without_a_name_are_no_proof_either_way() -> None:
    rr = wanted(scheduler="rr")
    report = ClientReport(replies={rr.endpoint: (HttpReply(200, None),)})
    assert check_spread(rr, table(), report, 0).ok is None


def test_no_table_or_no_answer_is_a_failure() -> None:
    rr = wanted(scheduler="rr")
    assert check_spread(rr, None, ClientReport(), 0).ok is False
    refused = ClientReport(replies={rr.endpoint: (HttpReply(None, None, "refused"),) * 3})
    assert check_spread(rr, table(), refused, 0).ok is False


def test_whole_turns_of_odd_weights() -> None:
    wrr = wanted(scheduler="wrr")
    assert connections_for(wrr, table(weights="7 5 3")) == 15
    steep = table(weights="997 5 3")
    assert connections_for(wrr, steep) == 64
    assert seen(wrr, "rs1 " * 64, steep).ok, "the light nodes' turn comes after these"
