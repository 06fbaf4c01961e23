"""A rollback after an upgrade that was cut."""

from pathlib import Path

import pytest

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Pin, Runtime
from provisioning.operations.rollback.cut_upgrade import abort_upgrade
from provisioning.operations.rollback.targets import desired_rollback
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade import state_file
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.planning import require_new_run
from provisioning.operations.rolling_upgrade.state import (
    CAUSE,
    Node,
    NodeStatus,
    Upgrade,
)

INVENTORY = Inventory.model_validate(
    {
        "vip": "192.0.2.100",
        "directors": {"hosts": {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}},
        "real_servers": {"hosts": {"rs1": "192.0.2.101", "rs2": "192.0.2.102"}},
    }
)


def cut(folder: Path, **nodes: NodeStatus) -> None:
    """An upgrade as its process left it."""
    found = tuple(Node(name, "real_server", 0, status=status) for name, status in nodes.items())
    state_file.save(folder, Upgrade("u1", "2.0-abc", {}, UpgradeOptions(), found, "now"))


def test_the_upgrade_is_given_up_once_none_of_its_nodes_is_under_way(tmp_path: Path) -> None:
    cut(
        tmp_path,
        rs1=NodeStatus.UPGRADED,
        rs2=NodeStatus.UNDER_WAY,
        rs3=NodeStatus.ROLLING_BACK,
        rs4=NodeStatus.WAITING,
    )
    assert not abort_upgrade(tmp_path, ["rs1", "rs2", "rs4"])
    assert abort_upgrade(tmp_path, ["rs3"])
    saved = state_file.load(tmp_path)
    assert saved is not None and saved.status is RunStatus.ABORTED
    assert [node.status for node in saved.nodes] == [
        NodeStatus.UPGRADED,
        NodeStatus.ROLLED_BACK,
        NodeStatus.ROLLED_BACK,
        NodeStatus.WAITING,
    ]
    require_new_run(saved)


@pytest.mark.parametrize("status", [NodeStatus.UPGRADED, NodeStatus.WAITING])
def test_an_upgrade_with_nobody_under_way_is_left_alone(tmp_path: Path, status: NodeStatus) -> None:
    assert not abort_upgrade(tmp_path, ["rs1"])
    cut(tmp_path, rs1=status)
    assert not abort_upgrade(tmp_path, ["rs1"])
    saved = state_file.load(tmp_path)
    assert saved is not None and saved.nodes[0].status is status


def test_the_app_runs_again_where_the_upgrade_may_have_stopped_it() -> None:
    pins = {name: Pin("1.0-abc", "anna", "now") for name in ("rs1", "rs2")}
    drains = {"rs1": Drain("anna", "now", cause=CAUSE), "rs2": Drain("anna", "now")}
    wanted = desired_rollback(INVENTORY, Runtime(drains, pins=pins))
    kinds = {name: [one.id for one in host.resources] for name, host in wanted.items()}
    assert kinds["rs1"] == ["link:/opt/cosyvoice/current", "service:cosyvoice"]
    assert kinds["rs2"] == ["link:/opt/cosyvoice/current"], "stopped by hand it stays so"
