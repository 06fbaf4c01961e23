"""Order of resources, where it matters; and text that must never be rendered."""

import pytest

from provisioning.resources.base import Resource
from tests.roles.rendered import INVENTORIES, hosts


def position(resources: tuple[Resource, ...], start: str) -> int:
    return next(n for n, resource in enumerate(resources) if resource.id.startswith(start))


def last(resources: tuple[Resource, ...], start: str) -> int:
    return max(n for n, resource in enumerate(resources) if resource.id.startswith(start))


@pytest.mark.parametrize("name", [name for name in INVENTORIES if name != "edges-alone"])
def test_arp_is_silenced_before_the_vip_is_bound(name: str) -> None:
    for host, desired in hosts(name).items():
        if host.startswith("rs"):
            order = desired.resources
            assert last(order, "sysctl:") < position(order, "address:"), host


@pytest.mark.parametrize("name", INVENTORIES)
def test_ids_are_unique_and_directors_do_not_bind_the_vip(name: str) -> None:
    for host, desired in hosts(name).items():
        ids = [resource.id for resource in desired.resources]
        assert len(ids) == len(set(ids)), host
        if host.startswith("lvs"):
            assert not [id for id in ids if id.startswith("address:")]


@pytest.mark.parametrize("name", INVENTORIES)
def test_services_come_last_in_their_role(name: str) -> None:
    for host, desired in hosts(name).items():
        if host.startswith("lvs"):
            ids = [resource.id for resource in desired.resources]
            # A firewall comes after what it lets in; its own service is for the next boot.
            end = ids.index("packages:nftables") if "packages:nftables" in ids else len(ids)
            assert ids[end - 1].startswith("service:")
