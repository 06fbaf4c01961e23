"""Mistakes about edges, at their places; and the numbers that follow from the inventory."""

from pathlib import Path
from typing import Any

import pytest

from provisioning.model.derived.edge_admission import client_cap, edge_cap, edge_places
from provisioning.model.derived.nodes import nodes_of
from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import load_inventory
from tests.model.marked import SMALLEST, diagnostics

_EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "edge.yaml"
_HOSTS = "hosts: {edge1: 192.168.1.51, edge2: 192.168.1.52}"


def found(text: str) -> list[tuple[str, str, str, int]]:
    """What is said of an inventory with these lines; the smallest one has four before them."""
    said = diagnostics("\n".join(SMALLEST.values()) + f"\n{text}\n")
    return [(one.key, one.message, one.severity, one.line - len(SMALLEST)) for one in said]


@pytest.mark.parametrize(
    ("text", "key", "message", "severity"),
    [
        ("edges: {VIP, hosts: {}}", "edges.hosts", "there is no edge", "error"),
        ("edges: {VIP, hosts: {e: 192.168.1.51}}", "edges.hosts", "e is the only edge", "warning"),
        (
            "edges: {VIP, hosts: {lvs1: 192.168.1.11, e: 192.168.1.51}}",
            "edges.hosts.lvs1",
            "lvs1 is a director as well",
            "error",
        ),
        (
            "edges: {VIP, hosts: {rs1: 192.168.1.101, e: 192.168.1.51}}",
            "edges.hosts.rs1",
            "rs1 is a real server as well",
            "error",
        ),
        (
            "edges: {vip: 192.168.1.100, HOSTS}",
            "edges.vip",
            "the same VIP as vip",
            "error",
        ),
        (
            "edges: {vip: 192.168.1.51, HOSTS}",
            "edges.vip",
            "192.168.1.51 is the address of the host edge1",
            "error",
        ),
        (
            "edges: {vip: 192.168.2.110/24, HOSTS}",
            "edges.vip",
            "edge1 (192.168.1.51) is not in the VIP's subnet",
            "error",
        ),
        (
            "edges: {vip: 'fd00::1', HOSTS}",
            "edges.hosts.edge1",
            "edge1 has no IPv6 address for the VIP fd00::1",
            "error",
        ),
        (
            "edges: {vip: {address: 192.168.1.110, virtual_router_id: 51}, HOSTS}",
            "edges.vip.virtual_router_id",
            "VRID 51 is the one of the directors' VIP 192.168.1.100",
            "error",
        ),
        (
            "edges: {VIP, HOSTS, paths: {jobs: [/health]}}",
            "edges.paths.jobs[0]",
            "/health is answered by the edge itself",
            "error",
        ),
        (
            "edges: {VIP, HOSTS, paths: {jobs: [/a], others: [/a]}}",
            "edges.paths.others[0]",
            "the same as jobs[0]",
            "error",
        ),
        ("edges: {VIP, HOSTS, paths: {jobs: []}}", "edges.paths.jobs", "without a path", "error"),
        (
            "edges: {VIP, HOSTS, per_client: 2}",
            "edges.per_client",
            "one client may take all 2 places",
            "warning",
        ),
        (
            "edges: {VIP, HOSTS}\napp: {arguments: [--trusted-proxies=10.0.0.1]}",
            "app.arguments[0]",
            "it goes over what the edges need",
            "warning",
        ),
        (
            "edges: {VIP, HOSTS}\n"
            "app: {engine: {name: cosyvoice3, model: {on_nodes: /w}, gpus: all}}\n"
            "storage: {source: 'nas1:/srv'}",
            "app.engine.gpus",
            "how many cards rs1 has is not said",
            "error",
        ),
        (
            "edges: {VIP, HOSTS, port: 443}\ntls: {authority: cluster}",
            "edges.port",
            "is the port of TLS, 443",
            "error",
        ),
        (
            "edges: {VIP, HOSTS, names: [b.example]}\n"
            "tls: {authority: cluster, names: [a.example]}",
            "edges.names[0]",
            "need not be for b.example",
            "error",
        ),
    ],
)
def test_mistakes_are_said_where_they_are(text: str, key: str, message: str, severity: str) -> None:
    text = text.replace("VIP,", "vip: 192.168.1.110,").replace("HOSTS", _HOSTS)
    said = found(text)
    assert said[0][0] == key and message in said[0][1] and said[0][2] == severity
    assert said[0][3] == 1 + ("app" in key), "not on its line"


def test_one_real_server_has_no_secret_to_give_edges_a_certificate_by() -> None:
    tls = "tls: {names: [a.example], acme: {email: a@b.example}}"
    one = SMALLEST | {"real_servers": "real_servers: {hosts: {rs1: 192.168.1.101}}"}
    edges = f"edges: {{vip: 192.168.1.110, {_HOSTS}}}"
    (said,) = [
        one.key
        for one in diagnostics("\n".join([*one.values(), edges, tls]) + "\n")
        if one.severity == "error"
    ]
    assert said == "tls.acme"
    assert not diagnostics("\n".join([*SMALLEST.values(), edges, tls]) + "\n")


@pytest.mark.parametrize("path", ["v1", "/a b", "/a$b", "/a?b", "/a%20b", "/a\\nb"])
def test_what_is_no_beginning_of_a_path_is_refused(path: str) -> None:
    (said,) = found(f'edges: {{vip: 192.168.1.110, {_HOSTS}, paths: {{jobs: ["{path}"]}}}}')
    assert said[0] == "edges.paths.jobs[0]"


def test_the_example_is_right_and_is_the_seeds_cluster() -> None:
    assert diagnostics(_EXAMPLE.read_text(encoding="utf-8"), _EXAMPLE.parent) == []
    inventory = load_inventory(_EXAMPLE)
    assert numbers(inventory) == (4, 12, 6)


def numbers(inventory: Inventory) -> tuple[int, int, int]:
    """Places of a node, of all, of one client."""
    edges = inventory.edges
    assert edges is not None
    places = edge_places(inventory, edges, nodes_of(inventory, "rs1")[0])
    return places, edge_cap(inventory, edges), client_cap(inventory, edges)


@pytest.mark.parametrize(
    ("edges", "app", "expected"),
    [
        ({}, {}, (1, 2, 1)),
        ({}, {"workers": 3}, (3, 6, 3)),
        ({"per_client": 2}, {"workers": 3}, (3, 6, 2)),
        ({"admission": "queue"}, {"workers": 3, "queue_size": 8}, (11, 22, 11)),
        ({}, {"engine": {"name": "espeak", "gpus": [0, 1], "jobs_per_gpu": 3}}, (6, 12, 6)),
    ],
)
def test_the_numbers_follow_from_the_inventory(
    edges: dict[str, Any], app: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    content = {
        "vip": "192.168.1.100",
        "real_servers": {"hosts": {"rs1": "192.168.1.101", "rs2": "192.168.1.102"}},
        "edges": {"vip": "192.168.1.110", "hosts": {"edge1": "192.168.1.51"}, **edges},
        "app": app,
    }
    assert numbers(Inventory.model_validate(content)) == expected
