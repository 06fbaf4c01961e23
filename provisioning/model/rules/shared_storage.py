"""Outputs are on one NFS server: ours or another."""

import re
from collections.abc import Iterator

from .engine import PATH as ENGINE
from .engine import declared
from .finding import Context, Finding, warning


def server(context: Context) -> Iterator[Finding]:
    """One host, or a source; not both, not neither."""
    storage = context.inventory.storage
    if storage is None:
        return
    hosts = list(storage.hosts)
    rests = (("storage", "source"), ("storage", "hosts"))
    if storage.source is None and not hosts:
        yield Finding(
            ("storage",),
            "neither a host nor a source",
            "write hosts: {nas1: ADDRESS} to have one made an NFS server, or source: SERVER:/PATH "
            "for one that exists",
            also=rests,
        )
    elif storage.source is not None and hosts:
        yield Finding(
            ("storage", "source"),
            f"an existing server and the host {hosts[0]}, which would be made one",
            "keep one of the two",
            also=(("storage", "hosts"),),
        )
    elif len(hosts) > 1:
        yield Finding(
            ("storage", "hosts"),
            f"{len(hosts)} hosts, and outputs are on one",
            f"keep {hosts[0]}",
            ", ".join(hosts),
        )


def recordings(context: Context) -> Iterator[Finding]:
    """Recordings and registered voices are where every node sees them."""
    inventory, engine = context.inventory, declared(context)
    if inventory.storage is not None or inventory.app.source != "builtin" or engine is None:
        return
    if engine[1].recordings and len(inventory.real_servers.hosts) > 1:
        yield warning(
            (*ENGINE, "name"),
            "a recording and the voice registered from it are on one node only, and jobs with them "
            "fail on the others",
            "write storage: {hosts: {nas1: ADDRESS}} or storage: {source: SERVER:/PATH}",
            None,
            ("storage",),
        )


def reachable(context: Context) -> Iterator[Finding]:
    """The server is of the real servers' family, and not behind the VIP."""
    inventory = context.inventory
    storage = inventory.storage
    if storage is None:
        return
    families = {host.address.version for host in inventory.real_servers.hosts.values()}
    for name, host in storage.hosts.items():
        if families and host.address.version not in families:
            yield Finding(
                ("storage", "hosts", name, "address"),
                f"IPv{host.address.version}, and the real servers have other addresses",
                f"write its IPv{families.pop()} address",
            )
    server = (storage.source or "").rpartition(":/")[0].strip("[]")
    if server in {str(vip.address.ip) for vip in inventory.virtual_ips}:
        yield Finding(
            ("storage", "source"),
            "this is the VIP, which nodes hold themselves",
            "write the file server's own address",
            also=(("vip",), ("vips",)),
        )


def mount_options(context: Context) -> Iterator[Finding]:
    """Find what loses data or hangs a boot (nfs(5), systemd.mount(5))."""
    storage = context.inventory.storage
    if storage is None:
        return
    path = ("storage", "mount_options")
    if "soft" in storage.mount_options or "softerr" in storage.mount_options:
        yield warning(
            path,
            "with soft, a slow server means outputs cut off without an error",
            "write hard",
        )
    old = re.compile(r"(nfs)?vers=[23](\..*)?")
    for option in storage.mount_options:
        if storage.hosts and old.fullmatch(option):
            yield Finding(path, "the server made here speaks NFS 4 only", "write vers=4.2", option)
    for option in ("ro", "noauto"):
        if option in storage.mount_options:
            yield Finding(
                path, f"with {option}, nodes cannot write their outputs", f"remove {option}", option
            )


def export_options(context: Context) -> Iterator[Finding]:
    """Find what exports(5) warns of."""
    storage = context.inventory.storage
    if storage is None or not storage.hosts:
        return
    path = ("storage", "export_options")
    if "rw" not in storage.export_options and "ro" not in storage.export_options:
        yield Finding(
            path, "without rw, an export can be read only (exports(5))", "add rw", also=()
        )
    if fsid := next((o for o in storage.export_options if o.startswith("fsid")), None):
        yield Finding(path, "fsid=0 is set from elsewhere", f"remove {fsid}", fsid)
    if "ro" in storage.export_options:
        yield Finding(path, "with ro, nodes cannot write their outputs", "write rw", "ro")
    if "no_root_squash" in storage.export_options:
        yield warning(
            path,
            "with no_root_squash, root of any node is root on the export",
            "write root_squash or all_squash",
            "no_root_squash",
        )
    if "async" in storage.export_options:
        yield warning(
            path, "with async, a crash of the server loses outputs that were written", "write sync"
        )
