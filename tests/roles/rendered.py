"""Inventories of the tests, and what they become."""

from functools import cache
from pathlib import Path

from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Drain, Runtime
from provisioning.resources.file import File
from provisioning.roles.desired import DesiredHost, desired_hosts

HERE = Path(__file__).parent
INVENTORIES = sorted(path.stem for path in (HERE / "inventories").glob("*.yaml"))
SECRETS = {
    "GOLDEN_AUTH_PASS": "LVS123",
    "GOLDEN_SECRET": "geheim 密码 \"'$x",
    "GOLDEN_HOOK": "https://hooks.example.org/T0/B0?key=a%20b&x=1",
    "GOLDEN_ROBOT": "https://oapi.dingtalk.example.org/robot/send?access_token=0a1b",
    "GOLDEN_SIGNED": "SEC0a1b2c",
    "GOLDEN_HEARTBEAT": "https://beat.example.org/ping/1",
}
"""Environment variables of their secrets."""
DRAIN = Drain("ops@control run 20260101T000000Z-0000", "2026-01-01T00:00:00+00:00", "新内核")
RUNTIMES = {
    "drained-watched": ("monitoring", Runtime({"rs2": DRAIN})),
    "drained-tcp": ("first-seed", Runtime({"rs2": DRAIN})),
    "drained-hash": ("hashing-misc", Runtime({"rs1": DRAIN})),
    "drained-all": ("hashing-misc", Runtime({"rs1": DRAIN, "rs2": DRAIN})),
    "drained-below-quorum": ("two-services-ipv6", Runtime({"rs1": DRAIN})),
    "preferred": ("two-services-ipv6", Runtime(preferred="lvs2")),
}
"""Runtime states, and the inventory that each is tried on."""
CASES = [*INVENTORIES, *RUNTIMES]


def hosts(name: str) -> dict[str, DesiredHost]:
    """Desired state of the hosts of an inventory, or of a runtime state."""
    inventory, runtime = RUNTIMES.get(name, (name, Runtime()))
    path = HERE / "inventories" / f"{inventory}.yaml"
    return desired_hosts(load_inventory(path), None, runtime)


@cache
def files(name: str) -> dict[str, File]:
    """Every rendered file of an inventory by HOST/path; of a runtime state's those that differ
    from its inventory's."""
    found = {
        f"{host}{resource.path}": resource
        for host, desired in hosts(name).items()
        for resource in desired.resources
        if isinstance(resource, File)
    }
    if name not in RUNTIMES:
        return found
    usual = files(RUNTIMES[name][0])
    return {place: file for place, file in found.items() if file != usual[place]}
