"""A rollback after an upgrade, and after one that has not come to its end."""

import json
from pathlib import Path

import pytest

from provisioning.facts.host_releases import HostReleases, KeptRelease, Origin
from provisioning.model.cluster_record import runtime_from, runtime_record
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Pin, Runtime
from provisioning.operations.rollback.targets import RollbackError, desired_rollback, targets
from provisioning.operations.rollback.unfinished_upgrade import (
    BegunUpgrade,
    abort_upgrade,
    begun_upgrade,
)
from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade import state_file
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.pins import pin_back, pin_forward
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
    found = tuple(
        Node(name, "real_server", 0, old="1.0-abc", status=status) for name, status in nodes.items()
    )
    state_file.save(folder, Upgrade("u1", "2.0-abc", {}, UpgradeOptions(), found, "now"))


def test_the_upgrade_is_given_up_once_none_of_its_nodes_is_under_way(tmp_path: Path) -> None:
    cut(
        tmp_path,
        rs1=NodeStatus.UPGRADED,
        rs2=NodeStatus.UNDER_WAY,
        rs3=NodeStatus.ROLLING_BACK,
        rs4=NodeStatus.WAITING,
    )
    begun = begun_upgrade(tmp_path)
    assert begun == BegunUpgrade("2.0-abc", dict.fromkeys(("rs1", "rs2", "rs3", "rs4"), "1.0-abc"))
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
    assert begun_upgrade(tmp_path) is None and not abort_upgrade(tmp_path, ["rs1"])


@pytest.mark.parametrize("status", [NodeStatus.UPGRADED, NodeStatus.WAITING])
def test_an_upgrade_with_nobody_under_way_is_given_up(tmp_path: Path, status: NodeStatus) -> None:
    assert not abort_upgrade(tmp_path, ["rs1"]) and begun_upgrade(tmp_path) is None
    cut(tmp_path, rs1=status, rs2=NodeStatus.ROLLED_BACK)
    assert (begun_upgrade(tmp_path) is None) == (status is NodeStatus.WAITING)
    assert not abort_upgrade(tmp_path, ["rs3"]), "none of its hosts"
    assert abort_upgrade(tmp_path, ["rs1"]), "what they had is not what they go back to any more"


def test_a_director_under_way_has_changed_no_real_server(tmp_path: Path) -> None:
    nodes = (
        Node("lvs1", "director", 0, status=NodeStatus.UNDER_WAY),
        Node("rs1", "real_server", 1, old="1.0-abc"),
    )
    state_file.save(tmp_path, Upgrade("u1", "2.0-abc", {}, UpgradeOptions(), nodes, "now"))
    assert begun_upgrade(tmp_path) is None
    assert not abort_upgrade(tmp_path, ["rs1"]), "the director is to be brought to an end"


def on(current: str, previous: str) -> HostReleases:
    """A host that has releases 0 to 4."""
    kept = tuple(KeptRelease(f"{n}", "now", whole=True, origin=Origin()) for n in range(5))
    return HostReleases(current, previous, kept=kept)


BEGUN = BegunUpgrade("2", {"rs1": "1", "rs2": "1"})
"""An upgrade from 1 to 2 that is unfinished."""
FORWARD = Pin("2", "anna", "now", ("1",))
HELD = Pin("1", "anna", "now")


@pytest.mark.parametrize(
    ("seen", "pins", "begun", "chosen"),
    [
        pytest.param({"rs1": on("2", "1"), "rs2": on("2", "1")}, {}, None, "1 1", id="a deploy"),
        pytest.param(
            {"rs1": on("2", "1"), "rs2": on("2", "1")},
            {"rs1": FORWARD, "rs2": FORWARD},
            None,
            "1 1",
            id="an upgrade to a named release",
        ),
        pytest.param(
            {"rs1": on("2", "1"), "rs2": on("1", "0")}, {}, BEGUN, "1 1", id="half an upgrade"
        ),
        pytest.param(
            {"rs1": on("2", "1"), "rs2": on("1", "0")}, {}, None, "1 1", id="one that was aborted"
        ),
        pytest.param(
            {"rs1": on("1", "0"), "rs2": on("1", "0"), "rs3": on("1", "0")},
            {},
            BEGUN,
            "1 1 1",
            id="cut before its first switch; another has what they have",
        ),
        pytest.param(
            {"rs1": on("1", "2"), "rs2": on("1", "0")},
            {"rs1": HELD},
            None,
            "1 1",
            id="taken back by the upgrade itself",
        ),
        pytest.param(
            {"rs1": on("3", "2"), "rs2": on("3", "2")}, {}, BEGUN, "2 2", id="deployed since"
        ),
        pytest.param(
            {"rs1": on("0", "2"), "rs2": on("1", "0")},
            {"rs1": Pin("0", "anna", "now"), "rs2": Pin("0", "anna", "now")},
            BEGUN,
            "0 0",
            id="back to a named one, and cut",
        ),
        pytest.param(
            {"rs2": on("2", "1")},
            {"rs1": Pin("3", "anna", "now", ("2", "1")), "rs2": FORWARD},
            None,
            "2",
            id="one that is away goes there",
        ),
        pytest.param(
            {"rs2": on("2", "1")},
            {"rs1": Pin("2", "anna", "now"), "rs2": FORWARD},
            None,
            "2",
            id="one that is away was rolled back there",
        ),
    ],
)
def test_all_have_the_same_after_a_rollback(
    seen: dict[str, HostReleases],
    pins: dict[str, Pin],
    begun: BegunUpgrade | None,
    chosen: str,
) -> None:
    assert [*targets(seen, pins, None, begun).values()] == chosen.split()
    assert {*targets(seen, pins, "4", begun).values()} == {"4"}


def test_hosts_that_would_change_places_are_told_of() -> None:
    with pytest.raises(RollbackError) as caught:
        targets({"rs1": on("2", "1"), "rs2": on("1", "2")}, {}, None)
    assert str(caught.value) == (
        "hosts differ, and would not have the same then: rs1 has 2, before it 1, "
        "rs2 has 1, before it 2; name the release with `--to`"
    )


def test_what_a_node_left_is_remembered_over_upgrades_and_runs_that_go_on() -> None:
    first = pin_forward(None, "2.0", "1.0", "anna", "now")
    assert first == Pin("2.0", "anna", "now", ("1.0",))
    assert pin_forward(first, "2.0", "1.0", "bo", "then") is first
    second = pin_forward(first, "3.0", "2.0", "bo", "then")
    assert second.left == ("2.0", "1.0")
    back = pin_back(second, "2.0", "bo", "then")
    assert back == Pin("2.0", "bo", "then", ("1.0",))
    assert pin_back(back, "2.0", "cy", "later") is back, "an undo that is done again"
    assert pin_forward(Pin("9", "anna", "now", ("8",)), "3.0", "2.0", "bo", "then").left == ("2.0",)
    assert pin_back(None, "1.0", "bo", "then").left == ()
    runtime = Runtime(pins={"rs1": second, "rs2": Pin("1.0", "anna", "now")})
    record = runtime_record(runtime)
    assert "left" not in record["pins"]["rs2"]
    assert runtime_from(json.loads(json.dumps(record))) == runtime


def test_the_app_runs_again_where_the_upgrade_may_have_stopped_it() -> None:
    pins = {name: Pin("1.0-abc", "anna", "now") for name in ("rs1", "rs2")}
    drains = {"rs1": Drain("anna", "now", cause=CAUSE), "rs2": Drain("anna", "now")}
    wanted = desired_rollback(INVENTORY, Runtime(drains, pins=pins))
    kinds = {name: [one.id for one in host.resources] for name, host in wanted.items()}
    assert kinds["rs1"] == ["link:/opt/cosyvoice/current", "service:cosyvoice"]
    assert kinds["rs2"] == ["link:/opt/cosyvoice/current"], "stopped by hand it stays so"
