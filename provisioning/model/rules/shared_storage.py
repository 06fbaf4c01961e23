"""Outputs are on one NFS server: ours or another."""

from collections.abc import Iterator

from provisioning.model.rules.finding import Context, Finding, warning

_SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr")
_TOP = ("home", "media", "mnt", "opt", "root", "srv", "tmp", "var")


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


def folders(context: Context) -> Iterator[Finding]:
    """Folders that may be given away and mounted over."""
    storage = context.inventory.storage
    if storage is None:
        return
    for key, path in (("export", storage.export), ("mount_point", storage.mount_point)):
        if path.parts[1] in _SYSTEM or (len(path.parts) == 2 and path.name in _TOP):
            yield Finding(
                ("storage", key),
                "a folder of the system",
                "use one of its own, such as /srv/cosyvoice/outputs",
            )
    shared = [name for name in storage.hosts if name in context.inventory.real_servers.hosts]
    if shared and storage.export == storage.mount_point:
        yield Finding(
            ("storage", "mount_point"),
            f"{shared[0]} is storage and real server: it would mount over its own export",
            "write another mount_point, or another export",
            also=(("storage", "export"),),
        )


def mount_options(context: Context) -> Iterator[Finding]:
    """What loses data or hangs a boot (nfs(5), systemd.mount(5))."""
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
    for option in ("ro", "noauto"):
        if option in storage.mount_options:
            yield Finding(
                path, f"with {option}, nodes cannot write their outputs", f"remove {option}", option
            )


def export_options(context: Context) -> Iterator[Finding]:
    """What exports(5) warns of."""
    storage = context.inventory.storage
    if storage is None or not storage.hosts:
        return
    path = ("storage", "export_options")
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
