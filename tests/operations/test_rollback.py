"""A rollback after an upgrade, and after one that has not come to its end."""

import json
from pathlib import Path

from provisioning.facts.host_releases import HostReleases, KeptRelease, Origin
from provisioning.model.cluster_record import runtime_from, runtime_record
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Pin, Runtime
from provisioning.operations.rollback.targets import desired_rollback, targets
from provisioning.operations.rollback.unfinished_upgrade import abort_upgrade, releases_before
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


def test_the_upgrade_is_given_up_once_it_has_left_no_node_changed(tmp_path: Path) -> None:
    cut(
        tmp_path,
        rs1=NodeStatus.UPGRADED,
        rs2=NodeStatus.UNDER_WAY,
        rs3=NodeStatus.ROLLING_BACK,
        rs4=NodeStatus.WAITING,
    )
    assert releases_before(tmp_path) == dict.fromkeys(("rs1", "rs2", "rs3", "rs4"), "1.0-abc")
    assert not abort_upgrade(tmp_path, ["rs2", "rs4"])
    assert not abort_upgrade(tmp_path, ["rs3"])
    assert abort_upgrade(tmp_path, ["rs1"])
    saved = state_file.load(tmp_path)
    assert saved is not None and saved.status is RunStatus.ABORTED
    assert [node.status for node in saved.nodes] == [
        NodeStatus.ROLLED_BACK,
        NodeStatus.ROLLED_BACK,
        NodeStatus.ROLLED_BACK,
        NodeStatus.WAITING,
    ]
    require_new_run(saved)
    assert not releases_before(tmp_path) and not abort_upgrade(tmp_path, ["rs1"])


def test_one_that_has_changed_no_node_is_given_up_and_tells_nothing(tmp_path: Path) -> None:
    assert not abort_upgrade(tmp_path, ["rs1"]) and not releases_before(tmp_path)
    cut(tmp_path, rs1=NodeStatus.ROLLED_BACK, rs2=NodeStatus.WAITING)
    assert not releases_before(tmp_path)
    assert not abort_upgrade(tmp_path, ["rs3"]), "none of its hosts"
    assert abort_upgrade(tmp_path, ["rs2"]), "what they had is not what they go back to any more"


def test_an_upgrade_is_rolled_back_where_it_got_to_and_all_have_the_same_then() -> None:
    kept = tuple(
        KeptRelease(name, "now", whole=True, origin=Origin()) for name in ("1.0", "2.0", "3.0")
    )
    seen = {
        "rs1": HostReleases("3.0", "2.0", kept=kept),
        "rs2": HostReleases("2.0", "1.0", kept=kept),
    }
    unfinished = {"rs1": "2.0", "rs2": "2.0"}
    assert targets(seen, {}, None, unfinished) == unfinished
    pins = {
        "rs1": pin_forward(Pin("2.0", "anna", "now", ("1.0",)), "3.0", "2.0", "bo", "then"),
        "rs2": Pin("2.0", "anna", "now", ("1.0",)),
    }
    assert targets(seen, pins, None, unfinished) == unfinished
    assert targets(seen, pins, "1.0", unfinished) == {"rs1": "1.0", "rs2": "1.0"}
    # The one that was switched is taken back by the upgrade itself: it is as the others are.
    pins["rs1"] = pin_back(pins["rs1"], "2.0", "bo", "then")
    assert pins["rs1"].left == ("1.0",)
    seen["rs1"] = HostReleases("2.0", "3.0", kept=kept)
    assert targets(seen, pins, None, {}) == {"rs1": "1.0", "rs2": "1.0"}


def test_a_node_that_an_upgrade_took_back_keeps_the_others_where_they_are() -> None:
    kept = tuple(
        KeptRelease(name, "now", whole=True, origin=Origin()) for name in ("1.0", "2.0", "3.0")
    )
    seen = {
        "rs1": HostReleases("2.0", "3.0", kept=kept),
        "rs2": HostReleases("2.0", "1.0", kept=kept),
        "rs3": HostReleases("3.0", "2.0", kept=kept),
    }
    back = {"rs1": pin_back(None, "2.0", "bo", "then")}
    assert targets(seen, back, None, {}) == dict.fromkeys(seen, "2.0")
    del seen["rs1"]
    assert targets(seen, back, None, {})["rs2"] == "2.0", "where rs3 goes"
    del seen["rs3"]
    assert targets(seen, back, None, {}) == {"rs2": "1.0"}, "nobody else was chosen"


def test_what_a_node_left_is_remembered_over_upgrades_and_runs_that_go_on() -> None:
    first = pin_forward(None, "2.0", "1.0", "anna", "now")
    assert first == Pin("2.0", "anna", "now", ("1.0",))
    assert pin_forward(first, "2.0", "1.0", "bo", "then") is first
    second = pin_forward(first, "3.0", "2.0", "bo", "then")
    assert second.left == ("2.0", "1.0")
    assert pin_back(second, "2.0", "bo", "then") == Pin("2.0", "bo", "then", ("1.0",))
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
