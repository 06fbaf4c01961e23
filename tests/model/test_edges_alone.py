"""Edges without directors are a whole cluster; half of directors is a mistake with two ways out."""

import re
from pathlib import Path

import pytest

from provisioning.model.derived.edge_admission import client_cap, edge_cap
from provisioning.model.derived.nodes import all_nodes
from provisioning.model.derived.way_in import edges_alone, way_in
from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import parse_inventory
from tests.model.marked import diagnostics

_DOCS = Path(__file__).parents[2] / "docs"
_SERVERS = "real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}\n"
_EDGES = "edges: {vip: 192.168.1.110, hosts: {edge1: 192.168.1.51, edge2: 192.168.1.52}}\n"
_DIRECTORS = "directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}\n"
_VIP = "vip: 192.168.1.100\n"
_PORTS = "services: [{port: 443}]\napp: {user: root}\n"


@pytest.mark.parametrize(
    "more",
    [
        "",
        "tls: {names: [tts.example.org], authority: cluster}\n",
        "vrrp: {unicast: true}\nipvs: {timeouts: {tcp: 30}}\n",
        # No Nginx of ours is beside the app.
        f"tls: {{authority: cluster}}\n{_PORTS}",
    ],
)
def test_they_are_enough(more: str) -> None:
    assert not [one for one in diagnostics(_SERVERS + _EDGES + more) if one.severity == "error"]


@pytest.mark.parametrize(
    ("text", "key", "fixes"),
    [
        (_VIP + _EDGES, "directors.hosts", ("write directors", "remove vip and vips")),
        (_VIP, "directors.hosts", ("write directors", "remove vip and vips and write edges")),
        (_DIRECTORS + _EDGES, "vip", ("write vip", "remove directors")),
        ("", "directors.hosts", ("write directors", "leave out vip and write edges")),
    ],
)
def test_half_of_directors_is_a_mistake(text: str, key: str, fixes: tuple[str, ...]) -> None:
    found = {one.key: one.fix for one in diagnostics(_SERVERS + text)}
    assert key in found
    for fix in fixes:
        assert fix in found[key]


def test_edges_that_cannot_be_read_are_no_reason_to_ask_for_directors() -> None:
    wrong = _EDGES.replace("192.168.1.110", "192.168.1.310")
    assert [one.key for one in diagnostics(_SERVERS + wrong)] == ["edges.vip"]


def test_acme_needs_directors_and_says_so_once() -> None:
    acme = "tls: {names: ['*.example.org'], acme: {email: a@example.org}}\n"
    one_server = "real_servers: {hosts: {rs1: 192.168.1.101}}\n"
    (said,) = [one for one in diagnostics(one_server + _EDGES + acme) if one.severity == "error"]
    assert said.key == "tls.acme" and "authority: cluster" in said.fix


def test_a_single_edge_has_nobody_to_send_adverts_to() -> None:
    single = "edges: {vip: 192.168.1.110, hosts: {edge1: 192.168.1.51}}\nvrrp: {unicast: true}\n"
    found = {one.key: one.message for one in diagnostics(_SERVERS + single)}
    assert found["vrrp.unicast"].startswith("there is no other edge")


def test_directors_are_the_way_in_where_there_are_some() -> None:
    content = {
        "real_servers": {"hosts": {"rs1": "192.168.1.101"}},
        "edges": {"vip": "192.168.1.110", "hosts": {"edge1": "192.168.1.51"}},
    }
    alone = Inventory.model_validate(content)
    assert way_in(alone) == ["edge1"] and edges_alone(alone) is alone.edges
    directors = {"hosts": {"lvs1": "192.168.1.11"}}
    both = Inventory.model_validate({**content, "vip": "192.168.1.100", "directors": directors})
    assert way_in(both) == ["lvs1"] and edges_alone(both) is None


def documented() -> list[str]:
    written = (_DOCS / "edge.md").read_text(encoding="utf-8").split("## Without directors")[1]
    blocks = re.findall(r"^```yaml\n(.*?)^```", written, re.M | re.S)
    return [*blocks[:1], (_DOCS / "examples" / "edges-alone.yaml").read_text(encoding="utf-8")]


@pytest.mark.parametrize("text", documented(), ids=["edge.md", "example"])
def test_documented_clusters_take_twelve_jobs_and_six_of_one_client(text: str) -> None:
    reading = parse_inventory(text, Path("inventory.yaml"))
    assert reading.warnings == []
    edges = edges_alone(reading.inventory)
    assert edges is not None
    assert (edge_cap(reading.inventory, edges), client_cap(reading.inventory, edges)) == (12, 6)


def test_nodes_of_the_example_listen_where_the_service_says() -> None:
    inventory = parse_inventory(documented()[1], Path("inventory.yaml")).inventory
    assert {node.ports for node in all_nodes(inventory)} == {(12321,)}
