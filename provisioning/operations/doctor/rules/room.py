"""There is room on disks, and in the kernel's table of connections."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.machine.conntrack import CONNTRACK, Conntrack
from ....facts.machine.file_systems import FileSystem, file_systems
from ....model.inventory import Inventory
from ....places import APP_STATE, STATE
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_FULL, _TIGHT = 200 * 2**20, 2**30
"""Bytes: less than an apt run needs; less than two releases and a margin."""
_FEW, _SCARCE = 2_000, 20_000
"""Files."""


def _folders(inventory: Inventory, name: str) -> Fact[tuple[FileSystem, ...]]:
    # Its room is looked at; nothing is written there.
    folders = ["/", "/etc", "/var", "/tmp", STATE]  # nosec B108
    if name in inventory.real_servers.hosts:
        folders += [str(inventory.app.directory), APP_STATE, "/var/log"]
    if inventory.storage is not None and name in inventory.storage.hosts:
        folders.append(str(inventory.storage.export))
    return file_systems(folders)


def _disks(seen: Seen[tuple[FileSystem, ...]]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        for one in found:
            # One that is small by design, as a tmpfs for /tmp, is tight only if it is nearly full.
            if one.free < min(_TIGHT, one.size // 10):
                left = f"{one.free >> 20} of {one.size >> 20} MiB"
                yield _short(name, one, left, one.free < _FULL)
            if one.files and one.files_free < min(_SCARCE, one.files // 10):
                left = f"{one.files_free} of {one.files} files (inodes)"
                yield _short(name, one, left, one.files_free < _FEW)


def _short(name: str, one: FileSystem, left: str, full: bool) -> Finding:
    return Finding(
        host=name,
        severity=Severity.ERROR if full else Severity.WARNING,
        evidence=f"the file system of {one.folder} has {left} left",
        cause="deploys stop half-way and take back what they did; logs, records and audio are lost",
        fix="make room; "
        + on_host(name, "du", "-xh", "--max-depth=2", "--threshold=100M", one.folder)
        + " shows what is large there",
    )


def _tracked(seen: Seen[Conntrack | None]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if found is None or found.count < 0.75 * found.most:
            continue
        command = ("sysctl", "-w", f"net/netfilter/nf_conntrack_max={4 * found.most}")
        yield Finding(
            host=name,
            severity=Severity.ERROR if found.count >= 0.95 * found.most else Severity.WARNING,
            evidence=f"the kernel tracks {found.count} connections of {found.most} at most",
            cause="once it is full, new connections are dropped (`nf_conntrack: table full` in the"
            " kernel's log)",
            fix=f"{on_host(name, *command)}, and a file in /etc/sysctl.d for after a reboot; or"
            " exempt the service's port from tracking",
        )


DISK_FULL = Rule("disk-full", asking(_folders), _disks)
CONNTRACK_FULL = Rule("conntrack-full", asking(lambda _inventory, _name: CONNTRACK), _tracked)
