"""The storage host: the outputs folder over NFS. Pure."""

import shlex
from ipaddress import IPv6Address

from provisioning.facts.fact import View
from provisioning.facts.hosts.storage import StorageState, storage_view
from provisioning.model.hosts import ServiceManager
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import service_manager_of, variables_of
from provisioning.resources.base import Handler, Postcondition, Requirement, Resource
from provisioning.resources.directory import Directory
from provisioning.resources.nfs_export import NfsExport
from provisioning.resources.package import Packages
from provisioning.resources.service import Service, restart
from provisioning.roles.deployment import Deployment
from provisioning.roles.machines import Machines
from provisioning.roles.network import address_requirement
from provisioning.roles.part import RolePart
from provisioning.roles.programs import (
    manager_requirement,
    manager_resources,
    unit_path,
    unit_template,
)
from provisioning.roles.rendering import RenderedFile, Templates
from provisioning.roles.role import Log, Role
from provisioning.roles.storage_question import STORAGE_QUESTION

_SCRIPT = "/usr/local/sbin/nfs-export"
_PROGRAM = "nfs-export"


def mount_source(inventory: Inventory) -> str:
    """What real servers mount: an existing server's path, or the root of our export."""
    storage = inventory.storage
    assert storage is not None
    if storage.source is not None:
        return storage.source
    address = next(iter(storage.hosts.values())).address
    return f"[{address}]:/" if isinstance(address, IPv6Address) else f"{address}:/"


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of the storage host, in the order in which they are applied."""
    inventory, templates = deployment.inventory, deployment.templates
    storage = inventory.storage
    assert storage is not None
    manager = service_manager_of(inventory, name)
    variables: dict[str, object] = {**variables_of(inventory, name)}
    export = Handler(
        "export again",
        # Without its server the table is read when that starts. exportfs warns with status 0.
        "[ -e /proc/fs/nfsd/threads ] || exit 0\n"
        'said=$(exportfs -ra 2>&1) && [ -z "$said" ] || { echo "exportfs: $said" >&2; exit 1; }',
    )
    resources: list[Resource] = [
        Packages(names=("nfs-kernel-server",)),
        *manager_resources(manager),
        # all_squash makes every client this account.
        Directory(path=str(storage.export), owner="nobody", group="nogroup"),
        # Debian's package leaves it to the operator.
        Directory(path="/etc/exports.d"),
        RenderedFile(
            path="/etc/exports.d/cosyvoice.exports",
            content=templates.render(
                "storage/exports.j2",
                variables,
                export=storage.export,
                clients=[host.address for host in inventory.real_servers.hosts.values()],
                options=[*storage.export_options, "fsid=0"],
            ),
            triggers=(export,),
        ),
        *_server(templates, variables, manager),
        NfsExport(
            path=str(storage.export),
            clients=tuple(str(host.address) for host in inventory.real_servers.hosts.values()),
            serve=restart(_service(manager), manager).command,
        ),
    ]
    return RolePart(
        (manager_requirement(manager), address_requirement(inventory, name), _requirement()),
        tuple(resources),
        (_exported(str(storage.export)),),
    )


def _service(manager: ServiceManager) -> str:
    return "nfs-server" if manager is ServiceManager.SYSTEMD else _PROGRAM


def _server(
    templates: Templates, variables: dict[str, object], manager: ServiceManager
) -> list[Resource]:
    if manager is ServiceManager.SYSTEMD:
        return [Service(name=_service(manager), manager=manager)]
    again = restart(_PROGRAM, manager)
    return [
        RenderedFile(
            path=_SCRIPT,
            content=templates.render("storage/nfs-export.j2", variables),
            mode=0o755,
            validate='sh -n "$CANDIDATE"',
            triggers=(again,),
        ),
        RenderedFile(
            path=unit_path(_PROGRAM, manager),
            content=templates.render(
                unit_template("storage", _PROGRAM, manager), variables, script=_SCRIPT
            ),
            triggers=(again,),
        ),
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


def _logs(manager: ServiceManager) -> tuple[Log, ...]:
    service = _service(manager)
    return (Log(service, f"/var/log/{service}.log" if service == _PROGRAM else None),)


def _view(inventory: Inventory, _name: str) -> View[StorageState]:
    assert inventory.storage is not None
    return storage_view(inventory.storage)


STORAGE = Role(
    key="storage",
    name="storage",
    order=10,
    part=part,
    gate="every",
    serves_leaving=True,
    view=_view,
    logs=_logs,
    diagnostics={"exports.txt": "exportfs -v; cat /proc/fs/nfsd/threads"},
    question=STORAGE_QUESTION,
    machines=Machines(kind="storage", prefix="nas", first=31, number=1, memory=512),
)
"""First, as real servers mount it."""
