"""States written before statuses, options and a phase got other names are still read."""

import json
from pathlib import Path
from typing import Any

import pytest

from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade import state_file
from provisioning.operations.rolling_upgrade.downtime import downtimes
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.state import NodeStatus, from_record
from tests.operations.rolling_upgrade.fake_cluster import (
    NEW,
    OLD,
    EventRecorder,
    FakeClock,
    FakeCluster,
    FakeNode,
)
from tests.operations.rolling_upgrade.runs import resume, run

RECORDED = Path(__file__).parent / "recorded/version-1.json"
"""Of a run that rolled rs1 back and was cut while rs2 had its smoke test."""


def record() -> Any:
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def test_a_run_begun_before_is_resumed_where_it_was_cut(tmp_path: Path) -> None:
    nodes = {f"rs{n}": FakeNode(weight=100, full=100) for n in (1, 2, 3)}
    cluster = FakeCluster(nodes, FakeClock())

    def fails(action: str, host: str) -> str:
        return "no sound" if (action, host) == (f"speak {NEW}", "rs1") else ""

    def cut(event: RunEvent) -> None:
        if (event.kind, event.host, event.phase) == ("phase", "rs2", "smoke_test"):
            raise KeyboardInterrupt

    cluster.trouble = fails
    options = UpgradeOptions(soak=9, soak_rest=3, max_fail=1)
    with pytest.raises(KeyboardInterrupt):
        run(cluster, tmp_path, options, EventRecorder(then=cut))
    now = state_file.load(tmp_path)
    (tmp_path / "rolling-upgrade.json").write_text(RECORDED.read_text(encoding="utf-8"))
    then = state_file.load(tmp_path)
    # Only the words of a reason are other ones now.
    assert now and then and (then.nodes[1:], then.options) == (now.nodes[1:], now.options)
    cluster.said = []
    upgrade = resume(cluster, tmp_path)
    assert upgrade.status is RunStatus.FINISHED
    assert [node.status for node in upgrade.nodes] == [
        NodeStatus.ROLLED_BACK,
        NodeStatus.UPGRADED,
        NodeStatus.UPGRADED,
    ]
    assert [said for said in cluster.said if said[1] == "rs2"] == [("undrain", "rs2")]
    assert [node.release for node in nodes.values()] == [OLD, NEW, NEW]
    assert [one.host for one in downtimes(upgrade)] == ["rs2", "rs3"]
    assert json.loads((tmp_path / "rolling-upgrade.json").read_text())["version"] == 2


@pytest.mark.parametrize(
    ("old", "status"),
    [
        ("waiting", NodeStatus.WAITING),
        ("under way", NodeStatus.UNDER_WAY),
        ("going back", NodeStatus.ROLLING_BACK),
        ("upgraded", NodeStatus.UPGRADED),
        ("put back", NodeStatus.ROLLED_BACK),
        ("broken", NodeStatus.FAILED),
    ],
)
def test_every_status_has_its_present_name(old: str, status: NodeStatus) -> None:
    saved = record()
    saved["nodes"][1] |= {"status": old, "done": ["stage", "prove"], "at": ""}
    saved["nodes"][1]["seconds"] = {"prove": 1.0, "prove phase": 2.0, "drain": 3.0}
    node = from_record(saved).node("rs2")
    assert node.status is status
    assert node.done == ("stage", "smoke_test")
    assert node.seconds == {"smoke_test": 1.0, "smoke_test phase": 2.0, "drain": 3.0}
