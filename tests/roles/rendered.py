"""Inventories of the tests, and what they become."""

from pathlib import Path

from provisioning.model.loading import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.resources.file import File
from provisioning.roles.desired import DesiredHost, desired_hosts

HERE = Path(__file__).parent
INVENTORIES = sorted(path.stem for path in (HERE / "inventories").glob("*.yaml"))


def hosts(name: str) -> dict[str, DesiredHost]:
    """What the hosts of an inventory should have."""
    return desired_hosts(load_inventory(HERE / "inventories" / f"{name}.yaml"), None, Runtime())


def files(name: str) -> dict[str, File]:
    """Every rendered file of an inventory, by HOST/path."""
    return {
        f"{host}{resource.path}": resource
        for host, desired in hosts(name).items()
        for resource in desired.resources
        if isinstance(resource, File)
    }
