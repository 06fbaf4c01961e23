"""Hosts that leave the inventory are known, reached and rendered until they are gone."""

import json
from pathlib import Path
from typing import Any

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.engine.plan import HostPlan
from provisioning.model.derived.resolve import connection_of, service_manager_of
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.deploy.decommission import add_removals, decommission_waves
from provisioning.operations.planning import Plans
from provisioning.operations.state_folder.deployed_hosts import (
    DeployedHost,
    departed,
    forget,
    inventory_with,
    load_deployed_hosts,
    remember,
)
from provisioning.operations.state_folder.runtime_state import RuntimeStateError
from provisioning.places import KEEPALIVED_CONF
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from provisioning.transport.base import Transport, UnreachableError

CONTENT: dict[str, Any] = {
    "vip": "10.77.0.100",
    "service_manager": "supervisor",
    "ssh": {"user": "ops", "password": {"env": "SSH_PASSWORD"}},
    "services": [
        {"name": "web", "scheduler": "wlc"},
        {"name": "api", "port": 8080, "real_servers": ["rs1", "rs3"]},
    ],
    "directors": {"hosts": {"lvs1": "10.77.0.11", "lvs2": "10.77.0.12"}},
    "real_servers": {
        "interface": "bond0",
        "ssh": {"port": 2222},
        "hosts": {
            "rs1": "10.77.0.21",
            "rs2": "10.77.0.22",
            "rs3": {"address": "10.77.0.23", "weight": 3, "environment": {"TOKEN": "geheim-密"}},
        },
    },
    "storage": {"hosts": {"nas1": "10.77.0.31"}},
}


def inventory(**hosts: str) -> Inventory:
    content = json.loads(json.dumps(CONTENT))
    if hosts:
        content["real_servers"]["hosts"] = hosts
        content["services"][1]["real_servers"] = list(hosts)[:1]
    return Inventory.model_validate(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    remember(tmp_path, inventory(), ["lvs1", "lvs2", "rs1", "rs2", "rs3", "nas1"])
    return tmp_path


def test_nobody_leaves_while_all_are_there(folder: Path) -> None:
    assert departed(load_deployed_hosts(folder), inventory()) == {}


def test_one_that_is_gone_is_known_with_all_that_it_takes_to_reach_it(folder: Path) -> None:
    left = inventory(rs1="10.77.0.21", rs2="10.77.0.22")
    leaving = departed(load_deployed_hosts(folder), left)
    assert leaving.keys() == {"rs3"}
    again = inventory_with(left, leaving)
    connection = connection_of(again, "rs3")
    assert (connection.host, connection.port, connection.user) == ("10.77.0.23", 2222, "ops")
    assert connection.password is not None and connection.password.env == "SSH_PASSWORD"
    assert service_manager_of(again, "rs3") == "supervisor"
    assert again.real_servers.hosts["rs3"].weight == 3
    assert again.services[1].real_servers == ["rs1", "rs3"]
    assert left.real_servers.hosts.keys() == {"rs1", "rs2"}


def test_it_is_rendered_with_weight_0_until_it_is_gone(folder: Path) -> None:
    left = inventory(rs1="10.77.0.21", rs2="10.77.0.22")
    again = inventory_with(left, departed(load_deployed_hosts(folder), left))
    runtime = Runtime({"rs3": Drain("me", "now", "leaves the cluster")})

    def conf(one: Inventory) -> str:
        files = desired_hosts(one, None, runtime)["lvs1"].resources
        return next(f.content for f in files if isinstance(f, File) and f.path == KEEPALIVED_CONF)

    assert conf(again).count("real_server 10.77.0.23") == 2
    assert "10.77.0.23" not in conf(left)


def test_another_name_for_the_same_address_is_the_same_host(folder: Path) -> None:
    renamed = inventory(rs1="10.77.0.21", rs2="10.77.0.22", gpu3="10.77.0.23")
    assert departed(load_deployed_hosts(folder), renamed) == {}
    remember(folder, renamed, ["gpu3"])
    assert load_deployed_hosts(folder).keys() == {"lvs1", "lvs2", "rs1", "rs2", "gpu3", "nas1"}


def test_a_group_that_leaves_as_a_whole_is_known_too(tmp_path: Path) -> None:
    edges = {"vip": {"address": "10.77.0.110/24", "virtual_router_id": 7}}
    with_edges = CONTENT | {"edges": edges | {"hosts": {"edge1": "10.77.0.51"}}}
    remember(tmp_path, Inventory.model_validate(with_edges), ["rs1", "edge1", "nas1"])
    left = Inventory.model_validate({k: v for k, v in CONTENT.items() if k != "storage"})
    again = inventory_with(left, departed(load_deployed_hosts(tmp_path), left))
    assert again.edges is not None and again.storage is not None
    assert again.edges.hosts.keys() == {"edge1"} and again.storage.hosts.keys() == {"nas1"}
    assert str(again.edges.vip.address) == "10.77.0.110/24"
    assert connection_of(again, "edge1").host == "10.77.0.51"
    assert "edge1" in desired_hosts(again, None, Runtime())

    of_before = {"edge1": DeployedHost(["edges"], {"address": "10.77.0.51"})}
    with pytest.raises(RuntimeStateError, match=r"edge1 left .*Field required.*cluster forget"):
        inventory_with(left, of_before)


def test_no_secret_is_written_down(folder: Path) -> None:
    text = (folder / "runtime.json").read_text(encoding="utf-8")
    assert "geheim" not in text and "SSH_PASSWORD" in text


def test_forgotten_is_forgotten(folder: Path) -> None:
    assert forget(folder, ["rs3", "nobody"]) == ["rs3"]
    assert departed(load_deployed_hosts(folder), inventory(rs1="10.77.0.21")).keys() == {"rs2"}


def test_a_damaged_record_is_said(tmp_path: Path) -> None:
    (tmp_path / "members.json").write_text('{"rs1": {"roles": 1, "x": 2}}')
    with pytest.raises(RuntimeStateError, match="is damaged"):
        load_deployed_hosts(tmp_path)


def test_one_that_does_not_answer_says_how_to_give_it_up(folder: Path) -> None:
    def connect(name: str) -> Transport:
        raise UnreachableError(f"{name}: no answer within 10 s")

    plans = Plans()
    leaving = departed(load_deployed_hosts(folder), inventory(rs1="10.77.0.21", rs2="10.77.0.22"))
    add_removals(plans, leaving, Fleet(connect, forks=1))
    assert plans.leaving == ["rs3"]
    assert "cluster forget rs3" in plans.unreachable["rs3"]


def test_directors_forget_it_before_it_is_cleaned_and_storage_after(folder: Path) -> None:
    left = inventory(rs1="10.77.0.21", rs2="10.77.0.22")
    leaving = departed(load_deployed_hosts(folder), left)
    plans = Plans(hosts={"rs3": HostPlan("rs3")}, masters={"lvs2"})
    order = [wave.hosts for wave in decommission_waves(left, plans, leaving)]
    assert order == [("rs1", "rs2"), ("lvs1",), ("lvs2",), ("rs3",), ("nas1",)]
    assert decommission_waves(left, plans, {})[0].hosts == ("nas1",)
