"""A real server with a node a card: its answers together, and each by itself."""

import json
from pathlib import Path
from typing import Any

from provisioning.facts.app.metrics import app_metrics
from provisioning.facts.app.service import one_word
from provisioning.facts.app.status import AppAnswer, app_status
from provisioning.facts.health_checks import health_checks
from provisioning.model.loader.load import load_inventory
from provisioning.operations.logs.sources import log_sources
from provisioning.resources.base import Observation
from tests.facts.recordings import printed

INVENTORY = load_inventory(Path(__file__).parents[1] / "roles" / "inventories" / "per-gpu.yaml")
REFUSED: dict[str, Any] = {"error": "refused", "refused": True}


def status(node: str, *, running: int = 0, draining: bool = False, reason: str = "") -> Any:
    body = {
        "node": node,
        "version": "1",
        "release": "r1",
        "draining": draining,
        "reason": reason,
        "jobs": {"running": running, "waiting": 1},
        "open": {"answers": running, "pages": 0},
        "capacity": 2,
    }
    return {"status": 200, "node": node, "text": json.dumps(body)}


def asked(first: Any, second: Any) -> AppAnswer:
    names = "/cluster/status:rs1-gpu0", "/cluster/status:rs1-gpu1"
    found = printed(json.dumps({names[0]: [first], names[1]: [second]}))
    return app_status(INVENTORY, "rs1").parse(found)


def test_work_is_added_up_and_a_reason_names_its_node() -> None:
    answer = asked(status("rs1-gpu0", running=2), status("rs1-gpu1", running=1, reason="loading"))
    app = answer.status
    assert app is not None and app.node == "rs1"
    assert (app.running, app.waiting, app.requests, app.slots) == (3, 2, 3, 4)
    assert answer.not_ready == "rs1-gpu1: loading"


def test_the_host_drains_when_all_of_its_nodes_do() -> None:
    drains: dict[str, Any] = {"draining": True, "reason": "draining"}
    both = asked(status("rs1-gpu0", **drains), status("rs1-gpu1", **drains))
    assert both.status is not None and both.status.draining and both.not_ready == "draining"
    one = asked(status("rs1-gpu0", **drains), status("rs1-gpu1"))
    assert one.status is not None and not one.status.draining
    assert one.not_ready == "rs1-gpu0: draining"


def test_one_that_is_down_has_no_work_and_of_one_that_hangs_nobody_knows() -> None:
    down = asked(status("rs1-gpu0", running=1), REFUSED)
    assert down.status is not None and down.status.running == 1
    assert down.not_ready == "rs1-gpu1: refused" and not down.down
    assert asked(REFUSED, REFUSED).down
    hangs = asked(status("rs1-gpu0", running=1), {"error": "timed out", "refused": False})
    assert hangs == AppAnswer(None, "rs1-gpu1: timed out")


def test_one_that_calls_itself_otherwise_is_told() -> None:
    answer = asked(status("rs1-gpu0"), status("elsewhere"))
    assert answer.status is not None and answer.status.node == "elsewhere"


def test_a_health_check_is_of_the_node_at_its_port() -> None:
    fact = health_checks(INVENTORY, "rs1")
    for place in ("192.168.1.101:13000", "192.168.1.100:13001"):
        assert place in fact.parse(Observation("", "no python", 127)).answers
    answers = {
        name: [{"status": 200, "node": node, "text": "{}"}]
        for port, node in (("13000", "rs1-gpu0"), ("13001", "rs1-gpu1"))
        for name in (f"192.168.1.101:{port}", f"192.168.1.100:{port}")
    }
    answers |= {"app:rs1-gpu0": [status("rs1-gpu0", running=1)], "app:rs1-gpu1": [REFUSED]}
    found = fact.parse(printed(json.dumps(answers)))
    assert all(answer.ok for answer in found.answers.values())
    first, second = found.nodes.values()
    assert first.status is not None and first.status.running == 1 and second.down


def test_a_restart_of_any_node_is_seen_in_the_counters() -> None:
    fact = app_metrics(INVENTORY, "rs1", patience=5)

    def sample(first: float, second: float) -> Observation:
        starts = {"rs1-gpu0": first, "rs1-gpu1": second}
        found = {f"/readyz:{node}": [{"status": 200, "node": node, "text": ""}] for node in starts}
        for node, start in starts.items():
            text = f'process_start_time_seconds {start}\ncosyvoice_jobs_total{{outcome="done"}} 2\n'
            found[f"/metrics:{node}"] = [{"status": 200, "node": node, "text": text}]
        return printed(json.dumps(found))

    before = fact.parse(sample(100, 200))
    assert before.ready and before.ended == 4
    assert fact.parse(sample(100, 200)).same_process(before)
    assert not fact.parse(sample(100, 300)).same_process(before)


def test_services_and_logs_are_of_each_node() -> None:
    assert one_word({"rs1-gpu0": "running", "rs1-gpu1": "running"}) == "running"
    assert one_word({"rs1-gpu0": "running", "rs1-gpu1": "FATAL"}) == "rs1-gpu1: FATAL"
    logs = [(one.service, one.file) for one in log_sources(INVENTORY, "rs1")]
    assert logs[1] == ("cosyvoice:cosyvoice-gpu1", "/var/log/cosyvoice/app-gpu1.log")
