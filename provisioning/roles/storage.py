"""The storage host: the outputs folder over NFS. Pure."""

import shlex
from ipaddress import IPv6Address

from ..facts.fact import View
from ..facts.hosts.storage import StorageState, storage_view
from ..model.address import IPAddress
from ..model.derived.resolve import service_manager_of
from ..model.hosts import ServiceManager
from ..model.inventory import Inventory
from ..model.storage import Storage
from ..resources.base import Handler, Postcondition, Requirement, Resource
from ..resources.directory import Directory
from ..resources.nfs_export import NfsExport
from ..resources.package import Packages
from ..resources.service import Service, restart
from .deployment import Deployment
from .machines import Machines
from .network import address_requirement
from .opening import Opening, networks
from .part import RolePart
from .programs import manager_requirement, manager_resources
from .rendering import RenderedFile
from .role import Log, Role
from .role_host import RoleHost
from .storage_question import STORAGE_QUESTION

_SCRIPT = "/usr/local/sbin/nfs-export"
_PROGRAM = "nfs-export"
_NFS = 2049


def mount_source(inventory: Inventory) -> str:
    """Return what real servers mount: an existing server's path, or the root of our export."""
    storage = inventory.storage
    assert storage is not None
    if storage.source is not None:
        return storage.source
    address = next(iter(storage.hosts.values())).address
    return f"[{address}]:/" if isinstance(address, IPv6Address) else f"{address}:/"


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of the storage host, in the order in which they are applied."""
    host = RoleHost(deployment, name, "storage")
    inventory, manager = host.inventory, host.manager
    assert inventory.storage is not None
    path = str(inventory.storage.export)
    return RolePart(
        (manager_requirement(manager), address_requirement(inventory, name), _requirement()),
        (
            Packages(names=("nfs-kernel-server",)),
            *manager_resources(manager),
            *_table(host, inventory.storage),
            *_server(host),
            NfsExport(
                path=path,
                clients=tuple(map(str, _clients(inventory))),
                serve=restart(_service(manager), manager).command,
            ),
        ),
        (_exported(path),),
    )


def _table(host: RoleHost, storage: Storage) -> list[Resource]:
    export = Handler(
        "export again",
        # Without its server the table is read when that starts. exportfs warns with status 0.
        "[ -e /proc/fs/nfsd/threads ] || exit 0\n"
        'said=$(exportfs -ra 2>&1) && [ -z "$said" ] || { echo "exportfs: $said" >&2; exit 1; }',
    )
    content = host.render(
        "exports.j2",
        export=storage.export,
        clients=_clients(host.inventory),
        options=[*storage.export_options, "fsid=0"],
    )
    return [
        # all_squash makes every client this account.
        Directory(path=str(storage.export), owner="nobody", group="nogroup"),
        # Debian's package leaves it to the operator.
        Directory(path="/etc/exports.d"),
        RenderedFile(path="/etc/exports.d/cosyvoice.exports", content=content, triggers=(export,)),
    ]


def _clients(inventory: Inventory) -> list[IPAddress]:
    return [host.address for host in inventory.real_servers.hosts.values()]


def _service(manager: ServiceManager) -> str:
    return "nfs-server" if manager is ServiceManager.SYSTEMD else _PROGRAM


def _server(host: RoleHost) -> list[Resource]:
    manager = host.manager
    if manager is ServiceManager.SYSTEMD:
        return [Service(name=_service(manager), manager=manager)]
    again = (restart(_PROGRAM, manager),)
    return [
        host.script(_SCRIPT, "nfs-export.j2", again),
        host.unit(_PROGRAM, again, script=_SCRIPT),
        Service(name=_PROGRAM, manager=manager),
    ]


def _requirement() -> Requirement:
    return Requirement(
        "the kernel can serve NFS",
        "grep -qw nfsd /proc/filesystems || modprobe -n nfsd 2>&1",
        "install a kernel with nfsd, or name an existing server in storage.source",
    )


def _exported(path: str) -> Postcondition:
    return Postcondition(
        "the outputs folder is exported",
        # Not `read`: dash asks byte by byte, and the kernel answers each time from the start.
        "threads=$(cat /proc/fs/nfsd/threads) || { echo the NFS server does not run; exit 1; }\n"
        '[ "$threads" -gt 0 ] || { echo the NFS server has no threads; exit 1; }\n'
        f"exportfs -s | cut -d ' ' -f 1 | grep -qxF -e {shlex.quote(path)} "
        "|| { echo not in exportfs -s; exit 1; }",
        30,
        "see the NFS server's log on this host",
    )


def _logs(inventory: Inventory, name: str) -> tuple[Log, ...]:
    manager = service_manager_of(inventory, name)
    service = _service(manager)
    return (Log(service, f"/var/log/{service}.log" if service == _PROGRAM else None),)


def _view(inventory: Inventory, _name: str) -> View[StorageState]:
    assert inventory.storage is not None
    return storage_view(inventory.storage)


def _openings(inventory: Inventory, name: str) -> list[Opening]:
    if inventory.storage is None or name not in inventory.storage.hosts:
        return []
    return [
        Opening(what="NFS version 4", ports=(_NFS,), sources=networks(_clients(inventory))),
    ]


STORAGE = Role(
    key="storage",
    name="storage",
    order=10,
    part=part,
    openings=_openings,
    gate="every",
    serves_leaving=True,
    view=_view,
    logs=_logs,
    diagnostics={"exports.txt": "exportfs -v; cat /proc/fs/nfsd/threads"},
    question=STORAGE_QUESTION,
    machines=Machines(kind="storage", prefix="nas", first=31, number=1, memory=512),
)
"""First, as real servers mount it."""
