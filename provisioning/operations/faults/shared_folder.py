"""The outputs folder: exported, mounted by every real server, writable, not full, the same."""

from provisioning.facts.hosts.real_server import MountState
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.fault import Fault

_DEPLOY = "`cluster deploy` puts it right"
LEAST_FREE = 0.05
"""Part of the file system that must be free."""


def shared_folder_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Faults of the storage host and of the real servers' mounts."""
    if inventory.storage is None:
        return []
    faults = []
    for name, host in state.storage.items():
        if not host.threads:
            faults.append(Fault(name, "the NFS server does not run", _DEPLOY))
        elif not host.exported_to:
            faults.append(Fault(name, f"{inventory.storage.export} is not exported", _DEPLOY))
        if _full(host.free, host.size):
            text = f"{inventory.storage.export} is nearly full: {host.free // 2**20} MiB free"
            faults.append(Fault(name, text, "make room there, or shorten the app's retention"))
    for name, server in state.real_servers.items():
        faults += [
            Fault(name, text, fix)
            for text, fix in _mount(server.mount, str(inventory.storage.mount_point))
        ]
    sources = {one.mount.source for one in state.real_servers.values() if one.mount}
    if len(sources) > 1:
        text = f"the real servers have different folders mounted: {', '.join(sorted(sources))}"
        faults.append(Fault("", text, _DEPLOY))
    return faults


def _mount(mount: MountState | None, target: str) -> list[tuple[str, str]]:
    if mount is None:
        return [(f"nothing is mounted on {target}", _DEPLOY)]
    if not mount.answers:
        text = f"{target} does not answer: {mount.source} is down or cut off"
        return [(text, "bring the file server back; the mount goes on by itself")]
    if not mount.writable:
        return [(f"{target} is mounted read-only", "`cluster deploy` mounts it writable again")]
    return []


def _full(free: int, size: int) -> bool:
    return size > 0 and free < size * LEAST_FREE
