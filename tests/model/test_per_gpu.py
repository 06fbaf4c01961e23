"""A node a card: what follows from the inventory, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from provisioning.model.derived.edge_admission import client_cap, edge_cap
from provisioning.model.derived.nodes import all_nodes, host_of, nodes_of
from provisioning.model.derived.others_needed import HOST, PORT, Needed, needed_by
from provisioning.model.derived.resolve import routes_sessions, virtual_services
from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import load_inventory, parse_inventory
from tests.model.marked import diagnostics

_EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "per-gpu.yaml"


def test_the_example_is_right_and_is_the_seeds_cluster() -> None:
    assert diagnostics(_EXAMPLE.read_text(encoding="utf-8"), _EXAMPLE.parent) == []
    inventory = load_inventory(_EXAMPLE)
    found = [(node.name, node.port, node.card, node.slots) for node in all_nodes(inventory)]
    assert found[:3] == [
        ("rs1-gpu0", 12321, "0", 2),
        ("rs1-gpu1", 12322, "1", 2),
        ("rs2-gpu0", 12321, "0", 2),
    ]
    assert inventory.edges is not None
    assert (edge_cap(inventory, inventory.edges), client_cap(inventory, inventory.edges)) == (12, 6)
    assert host_of(inventory, "rs3-gpu1") == "rs3" and host_of(inventory, "rs3") == "rs3"
    assert nodes_of(inventory, "rs1")[1].service == "cosyvoice:cosyvoice-gpu1"


def small(app: dict[str, Any], **servers: Any) -> Inventory:
    return Inventory.model_validate(
        {
            "vip": "192.168.1.100",
            "real_servers": {"hosts": {"rs1": "192.168.1.101"}, **servers},
            "app": {"per_gpu": True, **app},
        }
    )


def test_cards_that_are_named_are_the_nodes() -> None:
    (first, second) = nodes_of(small({"engine": {"name": "espeak", "gpus": [2, 3]}}), "rs1")
    assert (first.name, first.port, first.card) == ("rs1-gpu2", 12321, "2")
    # systemd's template, where Supervisor does not run it.
    assert (second.service, second.log) == ("cosyvoice@gpu3", "/var/log/cosyvoice/app-gpu3.log")
    uuids = "GPU-3a1b5c6d-1111,GPU-3a1b5c6d-2222"
    named = nodes_of(small({"engine": {"name": "espeak", "gpus": uuids}}), "rs1")
    assert [(one.label, one.card) for one in named][1] == ("gpu1", "GPU-3a1b5c6d-2222")


def test_nodes_of_one_host_are_peers() -> None:
    assert routes_sessions(small({}, gpus=2))
    assert not routes_sessions(Inventory.model_validate({"vip": "192.168.1.100"}))


_PORTS = [{"name": "gpu0", "port": 12321}, {"name": "gpu1", "port": 12322}]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        # Directors send to each port: one other at the same one, and two where the quorum is 2.
        ({}, Needed(1, PORT)),
        ({"services": [_PORTS[0] | {"quorum": 2}, _PORTS[1]]}, Needed(2, PORT)),
        # Of three at the port one is in no service of it, so that it may be the ready one.
        ({"services": [_PORTS[0] | {"real_servers": ["rs1", "rs2"]}, _PORTS[1]]}, Needed(2, PORT)),
        ({"services": [_PORTS[0] | {"real_servers": ["rs1"]}, _PORTS[1]]}, Needed(3, PORT, True)),
        # By TLS alone a host serves while one of its cards does.
        ({"tls": {"authority": "cluster"}}, Needed(1, HOST)),
        ({"tls": {"authority": "cluster", "only": False}}, Needed(1, PORT)),
        # Edges count hosts as well.
        ({"vip": None, "directors": {}, "edges": {"vip": "10.0.0.9", "hosts": {"e": "10.0.0.8"}}},
         Needed(1, HOST)),
    ],
)  # fmt: skip
def test_what_has_to_stay_when_a_card_goes(change: dict[str, Any], wanted: Needed) -> None:
    hosts = {f"rs{n}": f"192.168.1.10{n}" for n in (1, 2, 3)}
    content: dict[str, Any] = {
        "vip": "192.168.1.100",
        "directors": {"hosts": {"lvs1": "192.168.1.11"}},
        "real_servers": {"gpus": 2, "gpu_health": "drain", "hosts": hosts},
        "services": _PORTS,
        "app": {"per_gpu": True},
        **change,
    }
    inventory = Inventory.model_validate({key: one for key, one in content.items() if one})
    node = nodes_of(inventory, "rs1")[0]
    assert needed_by(inventory, node) == wanted


def test_tls_leads_to_every_host_that_has_a_port_of_the_app() -> None:
    text = _EXAMPLE.read_text(encoding="utf-8")
    changes = {
        "\napp:\n": "\ntls: {authority: cluster}\napp:\n",
        "port: 12321}": "port: 12321, real_servers: [rs1, rs2]}",
        "port: 12322}": "port: 12322, real_servers: [rs2, rs3]}",
    }
    for old, new in changes.items():
        text = text.replace(old, new, 1)
    assert diagnostics(text, _EXAMPLE.parent) == []
    inventory = parse_inventory(text, _EXAMPLE).inventory
    found = [(one.name, one.real_servers) for one in virtual_services(inventory)]
    assert found == [("https", ["rs1", "rs2", "rs3"]), ("redirect", ["rs1", "rs2", "rs3"])]


@pytest.mark.parametrize(
    ("change", "path", "fix"),
    [
        ({"  gpus: {count: 2, memory: 24}\n": ""}, "app.per_gpu", "gpus: {count: N}"),
        ({"port: 12322": "port: 7860"}, "services[1].port", "{name: gpu1, port: 12322}"),
        ({"rs1: 192": "rs1: {gpus: 1, address: 192", "101, rs2": "101}, rs2"},
         "services[1].port", "{name: gpu1, port: 12322, real_servers: [rs2, rs3]}"),
        ({"rs3: 192": "rs2-gpu0: 192"}, "real_servers.hosts.rs2-gpu0", "otherwise"),
        ({"first_port: 12321": "first_port: 65535"}, "app.first_port", "lower"),
        ({"  venv: true": "  venv: true\n  arguments: [--gpus=0]"}, "app.arguments[0]", "remove"),
        ({"  venv: true": "  venv: true\n  environment: {CUDA_VISIBLE_DEVICES: '1'}"},
         "app.environment.CUDA_VISIBLE_DEVICES", "remove"),
        ({"  venv: true": "  venv: true\n  environment: {COSYVOICE_MIN_READY_BY: node}"},
         "app.environment.COSYVOICE_MIN_READY_BY", "follows"),
        ({"    jobs_per_gpu: 2": "    gpus: none"}, "app.engine.gpus", "per_gpu"),
        ({"\napp:\n": "\ntls: {authority: cluster, port: 12323}\napp:\n",
          "gpus: {count: 2": "gpus: {count: 3"}, "app.first_port", "another"),
        ({"  gpus: {": "  gpu_health: drain\n  gpus: {",
          ", rs2: 192.168.1.102, rs3: 192.168.1.103": ""}, "real_servers.gpu_health", "add a real"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(change: dict[str, str], path: str, fix: str) -> None:
    text = _EXAMPLE.read_text(encoding="utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new, 1)
    found = [(str(one.key), one.fix) for one in diagnostics(text, _EXAMPLE.parent)]
    assert [said for said in found if said[0] == path and fix in said[1]], found
