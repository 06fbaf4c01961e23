"""Hosts at a time, where the inventory does not say."""

import pytest

from provisioning.model.derived.forks import forks_of
from provisioning.model.inventory import Inventory


def _inventory(count: int, **more: object) -> Inventory:
    hosts = {f"rs{number}": f"10.0.{number // 250}.{number % 250 + 1}" for number in range(count)}
    return Inventory.model_validate(
        {
            "vip": "10.0.9.250/16",
            "interface": "eth0",
            "directors": {"hosts": {"lvs1": "10.0.9.1", "lvs2": "10.0.9.2"}},
            "real_servers": {"hosts": hosts},
            **more,
        }
    )


@pytest.mark.parametrize(("count", "forks"), [(3, 10), (98, 25), (300, 50)])
def test_it_grows_with_the_hosts_within_bounds(count: int, forks: int) -> None:
    assert forks_of(_inventory(count)) == forks


def test_the_inventory_and_jump_hosts_have_a_say() -> None:
    assert forks_of(_inventory(98, forks=3)) == 3
    assert forks_of(_inventory(98, ssh={"jump": "ops@bastion"})) == 10
