"""Answers of hosts, as an upgrade sees them. Pure."""

import json
from typing import Any

import pytest

from provisioning.facts.app.readiness import app_readiness
from provisioning.facts.current_release import current_release
from provisioning.facts.ipvs.table import parse_table
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.rolling_upgrade.ssh.snapshot_builder import (
    NodeAnswers,
    build_snapshot,
    node,
)
from provisioning.resources.base import Observation

INVENTORY = Inventory.model_validate(
    {
        "vip": "192.0.2.100/24",
        "services": [{"name": "web", "port": 7860, "quorum": 5, "persistence": None}],
        "directors": {"hosts": {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}},
        "real_servers": {
            "hosts": {
                name: {"address": address, "weight": 10}
                for name, address in (("rs1", "192.0.2.101"), ("rs2", "192.0.2.102"))
            }
        },
    }
)


def table(**weights: int) -> Any:
    lines = ["TCP  192.0.2.100:7860 wlc"]
    for name, weight in weights.items():
        address = f"192.0.2.10{name[-1]}"
        lines.append(f"  -> {address}:7860            Route   {weight}      0          0")
    return parse_table("\n".join(lines))


def answered(link: str, app: Observation) -> NodeAnswers:
    release = current_release(INVENTORY.app.directory).parse(Observation(link, "", 0))
    return NodeAnswers(release, app_readiness(INVENTORY, "rs1", patience=5).parse(app))


def said(ready: int = 200, **status: Any) -> NodeAnswers:
    body = {
        "node": "rs1",
        "version": "1.0",
        "draining": False,
        "capacity": 2,
        "queue_size": 8,
        "jobs": {"running": 1, "waiting": 3},
        **status,
    }
    answers = {
        "/readyz": [{"status": ready, "node": "rs1", "text": "{}"}],
        "/cluster/status": [{"status": 200, "node": "rs1", "text": json.dumps(body)}],
    }
    return answered("releases/1.0-abc", Observation(json.dumps(answers), "", 0))


def test_a_node() -> None:
    seen = node(said())
    assert (seen.ready, seen.release) == (True, "1.0-abc")
    assert (seen.slots, seen.places, seen.running, seen.waiting) == (2, 8, 1, 3)
    assert not node(said(503)).ready


def test_a_node_that_does_not_answer_still_has_a_release() -> None:
    refused = {path: [{"error": "Connection refused"}] for path in ("/readyz", "/cluster/status")}
    seen = node(answered("releases/1.0-abc", Observation(json.dumps(refused), "", 0)))
    assert (seen.ready, seen.release) == (False, "1.0-abc")
    assert not node(answered("", Observation("", "sh: python: not found", 127))).ready


def test_the_least_weight_of_all_directors_counts() -> None:
    tables = {"lvs1": table(rs1=10, rs2=10), "lvs2": table(rs1=10)}
    snapshot = build_snapshot(INVENTORY, Runtime(), tables, {"lvs1"}, {"rs1": said()}, {})
    assert snapshot.services[0].weights == {"rs1": 10, "rs2": 0}
    assert snapshot.services[0].quorum == 5
    assert snapshot.masters == ("lvs1",)
    assert "do not agree on rs2" in snapshot.faults[0] and "0 on lvs2" in snapshot.faults[0]


def test_a_drained_node_that_one_director_has_taken_out_is_no_fault() -> None:
    tables = {"lvs1": table(rs1=0, rs2=10), "lvs2": table(rs2=10)}
    runtime = Runtime(drains={"rs1": Drain("anna", "now")})
    assert build_snapshot(INVENTORY, runtime, tables, {"lvs1"}, {}, {}).faults == ()


@pytest.mark.parametrize(
    ("masters", "fault"),
    [(set(), "no director holds the VIP"), ({"lvs1", "lvs2"}, "lvs1 and lvs2 hold the VIP")],
)
def test_the_vip_has_one_holder(masters: set[str], fault: str) -> None:
    tables = {"lvs1": table(rs1=10, rs2=10), "lvs2": table(rs1=10, rs2=10)}
    snapshot = build_snapshot(INVENTORY, Runtime(), tables, masters, {}, {})
    assert fault in snapshot.faults[0]


def test_a_director_that_is_gone_is_a_fault_and_a_node_is_not() -> None:
    silent = {"lvs2": "lvs2: no route", "rs2": "rs2: no route"}
    snapshot = build_snapshot(INVENTORY, Runtime(), {"lvs1": table(rs1=10)}, {"lvs1"}, {}, silent)
    assert snapshot.faults == ("lvs2: no route",)
    assert snapshot.unreachable == silent


def test_status_must_be_an_object() -> None:
    reply = {"status": 200, "node": None}
    answers = {
        "/readyz": [{**reply, "text": "{}"}],
        "/cluster/status": [{**reply, "text": "[]"}],
    }
    seen = answered("releases/1.0-abc", Observation(json.dumps(answers), "", 0))
    assert seen.app.app.problem == "status 200, not a status of the app"
    assert (node(seen).ready, node(seen).release) == (False, "1.0-abc")
