"""The directors' last configuration is known, whatever has become of the inventory since."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.state_folder.directors_record import (
    as_directors_have_it,
    remember_directors,
)
from provisioning.resources.base import Resource
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.roles.rendered import HERE, INVENTORIES, SECRETS


def directors(inventory: Inventory) -> dict[str, tuple[Resource, ...]]:
    desired = desired_hosts(inventory, None, Runtime())
    return {
        name: tuple(map(_without_digest, desired[name].resources))
        for name in inventory.directors.hosts
    }


def _without_digest(resource: Resource) -> Resource:
    """Which inventory a file was made from is no part of it."""
    if not isinstance(resource, File):
        return resource
    content = re.sub(r"inventory sha256:\w+", "inventory sha256:HASH", resource.content)
    return replace(resource, content=content)


def simple(**changes: object) -> Inventory:
    return Inventory.model_validate(
        {
            "vip": "192.0.2.100",
            "directors": {"hosts": {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}},
            "real_servers": {
                "hosts": {
                    "rs1": {"address": "192.0.2.101", "environment": {"TOKEN": "geheim-密"}},
                    "rs2": "192.0.2.102",
                }
            },
            "app": {"environment": {"KEY": "geheim-密"}},
            **changes,
        }
    )


@pytest.mark.parametrize("name", [name for name in INVENTORIES if name != "edges-alone"])
def test_directors_are_rendered_as_they_were(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    old = load_inventory(HERE / "inventories" / f"{name}.yaml")
    remember_directors(tmp_path, old)
    first = next(iter(old.directors.hosts.values())).address
    other = simple() if first.version == 4 else simple(vip="2001:db8:1::99")
    new = old.model_copy(
        update={
            "services": [simple().services[0].model_copy(update={"port": 9999})],
            "vip": other.vip,
            "vips": [],
            "vrrp": simple().vrrp.model_copy(update={"auth_pass": old.vrrp.auth_pass}),
            "ipvs": simple().ipvs,
        }
    )
    assert directors(new) != directors(old)
    assert directors(as_directors_have_it(tmp_path, new)) == directors(old)


def test_edges_alone_are_as_they_were(tmp_path: Path) -> None:
    old = load_inventory(HERE / "inventories" / "edges-alone.yaml")
    assert old.edges is not None
    remember_directors(tmp_path, old)
    new = old.model_copy(update={"edges": old.edges.model_copy(update={"port": 9999})})
    seen = as_directors_have_it(tmp_path, new)
    assert seen.edges == old.edges and not seen.virtual_ips and not seen.directors.hosts


def test_no_secret_is_written_down(tmp_path: Path) -> None:
    remember_directors(tmp_path, simple())
    text = (tmp_path / "runtime.json").read_text(encoding="utf-8")
    assert "geheim" not in text and "192.0.2.101" in text


def test_hosts_are_known_by_their_address(tmp_path: Path) -> None:
    services = [{"name": "web", "real_servers": ["rs1"]}, {"name": "api", "port": 8080}]
    remember_directors(tmp_path, simple(services=services))
    new = simple(
        directors={"hosts": {"lvs1": "192.0.2.11"}},
        real_servers={"hosts": {"gpu1": "192.0.2.101", "gpu9": "192.0.2.109"}},
    )
    known = as_directors_have_it(tmp_path, new)
    assert list(known.directors.hosts) == ["lvs1"], "the other one cannot be reached any more"
    assert list(known.real_servers.hosts) == ["gpu1", "rs2"]
    assert known.services[0].real_servers == ["gpu1"]


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"directors": {"hosts": {"x": 1}}}'])
def test_where_nothing_is_known_the_inventory_has_to_do(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "directors.json").write_text(text)
    inventory = simple()
    assert as_directors_have_it(tmp_path, inventory) is inventory


def test_a_drain_needs_no_secret_of_those_who_are_told_of_alerts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    inventory = load_inventory(HERE / "inventories" / "monitoring.yaml")
    remember_directors(tmp_path, inventory)
    for variable in SECRETS:
        monkeypatch.delenv(variable)
    known = as_directors_have_it(tmp_path, inventory)
    assert known.monitoring is not None
    assert "cosyvoice-expected.prom" in str(directors(known))
